// As c_api.h beside it; of tflite/c/c_api_experimental.h.
#pragma once

#include "c_api.h"

extern "C" TfLiteStatus TfLiteInterpreterResetVariableTensors(TfLiteInterpreter* interpreter);
