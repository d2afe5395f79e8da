// Stands in for LiteRT's library: see tflite/c/c_api.h beside it.
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tflite/c/c_api_experimental.h"

struct TfLiteTensor {
  std::string name, file;
  size_t bytes;
  bool input;
};
struct TfLiteModel {};
struct TfLiteInterpreterOptions {};
struct TfLiteSignatureRunner {};
struct TfLiteInterpreter {
  std::vector<TfLiteTensor> ins, outs;
};

namespace {
TfLiteInterpreter* the_only = nullptr;
}  // namespace

TfLiteModel* TfLiteModelCreateFromFile(const char* path) {
  return std::ifstream(path) ? new TfLiteModel : nullptr;
}
void TfLiteModelDelete(TfLiteModel* model) { delete model; }
TfLiteInterpreterOptions* TfLiteInterpreterOptionsCreate() { return new TfLiteInterpreterOptions; }
void TfLiteInterpreterOptionsDelete(TfLiteInterpreterOptions* options) { delete options; }
void TfLiteInterpreterOptionsSetNumThreads(TfLiteInterpreterOptions*, int32_t) {}

// tensors.txt: a line "in|out BYTES NAME" for each tensor.
TfLiteInterpreter* TfLiteInterpreterCreate(const TfLiteModel*, const TfLiteInterpreterOptions*) {
  const std::string place = std::getenv("STAND_IN");
  auto* found = new TfLiteInterpreter;
  std::ifstream file(place + "/tensors.txt");
  std::string kind, name;
  for (size_t bytes; file >> kind >> bytes && std::getline(file >> std::ws, name);) {
    auto& list = kind == "in" ? found->ins : found->outs;
    const char* what = kind == "in" ? "/fed-" : "/answer-";
    list.push_back({name, place + what + std::to_string(list.size()) + ".bin", bytes, kind == "in"});
  }
  return the_only = found;
}
void TfLiteInterpreterDelete(TfLiteInterpreter* interpreter) { delete interpreter; }
TfLiteStatus TfLiteInterpreterAllocateTensors(TfLiteInterpreter*) { return kTfLiteOk; }
TfLiteStatus TfLiteInterpreterInvoke(TfLiteInterpreter*) { return kTfLiteOk; }
TfLiteStatus TfLiteInterpreterResetVariableTensors(TfLiteInterpreter*) { return kTfLiteOk; }

// Inputs have other names of their own, so that the signature has to be asked; outputs have none
// in the signature, so that their own names have to do.
int32_t TfLiteInterpreterGetInputTensorCount(const TfLiteInterpreter* interpreter) {
  return static_cast<int32_t>(interpreter->ins.size());
}
TfLiteTensor* TfLiteInterpreterGetInputTensor(const TfLiteInterpreter*, int32_t i) {
  return &the_only->ins[the_only->ins.size() - 1 - static_cast<size_t>(i)];
}
int32_t TfLiteInterpreterGetOutputTensorCount(const TfLiteInterpreter* interpreter) {
  return static_cast<int32_t>(interpreter->outs.size());
}
const TfLiteTensor* TfLiteInterpreterGetOutputTensor(const TfLiteInterpreter* interpreter, int32_t i) {
  return &interpreter->outs[static_cast<size_t>(i)];
}
int32_t TfLiteInterpreterGetSignatureCount(const TfLiteInterpreter*) { return 1; }
const char* TfLiteInterpreterGetSignatureKey(const TfLiteInterpreter*, int32_t) { return "main"; }
TfLiteSignatureRunner* TfLiteInterpreterGetSignatureRunner(const TfLiteInterpreter*, const char*) {
  return new TfLiteSignatureRunner;
}
void TfLiteSignatureRunnerDelete(TfLiteSignatureRunner* runner) { delete runner; }
TfLiteTensor* TfLiteSignatureRunnerGetInputTensor(TfLiteSignatureRunner*, const char* name) {
  for (auto& tensor : the_only->ins)
    if (tensor.name == name) return &tensor;
  return nullptr;
}
const TfLiteTensor* TfLiteSignatureRunnerGetOutputTensor(const TfLiteSignatureRunner*, const char*) {
  return nullptr;
}
const char* TfLiteTensorName(const TfLiteTensor* tensor) {
  return tensor->input ? "its own" : tensor->name.c_str();
}

TfLiteStatus TfLiteTensorCopyFromBuffer(TfLiteTensor* tensor, const void* data, size_t bytes) {
  if (!tensor->input || bytes != tensor->bytes) return kTfLiteError;
  std::ofstream(tensor->file, std::ios::binary)
      .write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
  return kTfLiteOk;
}
TfLiteStatus TfLiteTensorCopyToBuffer(const TfLiteTensor* tensor, void* data, size_t bytes) {
  if (tensor->input || bytes != tensor->bytes) return kTfLiteError;
  std::ifstream file(tensor->file, std::ios::binary);
  file.read(static_cast<char*>(data), static_cast<std::streamsize>(bytes));
  return file.gcount() == static_cast<std::streamsize>(bytes) ? kTfLiteOk : kTfLiteError;
}
