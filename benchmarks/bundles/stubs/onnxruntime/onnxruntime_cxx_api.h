// What native/model.hpp calls of ONNX Runtime's C++ interface, declared as onnxruntime_cxx_api.h of
// ONNX Runtime 1.31 has it: names, arguments, results. The bodies are stand-ins: they write what is
// fed to $STAND_IN/fed-N.bin and answer with answer-N.bin there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

enum OrtLoggingLevel { ORT_LOGGING_LEVEL_WARNING = 2 };
enum GraphOptimizationLevel {
  ORT_DISABLE_ALL = 0,
  ORT_ENABLE_BASIC = 1,
  ORT_ENABLE_EXTENDED = 2,
  ORT_ENABLE_ALL = 99
};
enum OrtAllocatorType { OrtDeviceAllocator = 0, OrtArenaAllocator = 1 };
enum OrtMemType { OrtMemTypeDefault = 0 };
enum ONNXTensorElementDataType {
  ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED,
  ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
  ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8,
  ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8,
  ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16,
  ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16,
  ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32,
  ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64,
  ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING,
  ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL,
  ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16,
  ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE,
  ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32,
  ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64
};
struct OrtMemoryInfo;
#ifdef _WIN32
using ORTCHAR_T = wchar_t;
#else
using ORTCHAR_T = char;
#endif

namespace Ort {

struct Env {
  Env(OrtLoggingLevel, const char*) {}
};

struct RunOptions {
  explicit RunOptions(std::nullptr_t) {}
};

struct SessionOptions {
  SessionOptions& SetIntraOpNumThreads(int) { return *this; }
  SessionOptions& SetInterOpNumThreads(int) { return *this; }
  SessionOptions& SetGraphOptimizationLevel(GraphOptimizationLevel) { return *this; }
  SessionOptions& AddConfigEntry(const char*, const char*) { return *this; }
  SessionOptions& AppendExecutionProvider(
      const std::string&, const std::unordered_map<std::string, std::string>& = {}) {
    return *this;
  }
};

struct MemoryInfo {
  static MemoryInfo CreateCpu(OrtAllocatorType, OrtMemType) { return {}; }
  operator OrtMemoryInfo*() const { return nullptr; }
};

struct TensorTypeAndShapeInfo {
  size_t count;
  size_t GetElementCount() const { return count; }
};

struct Value {
  std::string bytes;
  size_t count = 0;

  static Value CreateTensor(const OrtMemoryInfo*, void* data, size_t byte_count, const int64_t* shape,
                            size_t shape_len, ONNXTensorElementDataType) {
    Value found;
    found.bytes.assign(static_cast<const char*>(data), byte_count);
    found.count = 1;
    for (size_t i = 0; i < shape_len; ++i) found.count *= static_cast<size_t>(shape[i]);
    return found;
  }
  const void* GetTensorRawData() const { return bytes.data(); }
  TensorTypeAndShapeInfo GetTensorTypeAndShapeInfo() const { return {count}; }
};

// counts.txt in $STAND_IN has "NAME" and, on the next line, the elements of each output.
struct Session {
  Session(const Env&, const ORTCHAR_T* path, const SessionOptions&) {
    if (!std::ifstream(path)) throw std::runtime_error("no such file");
  }

  std::vector<Value> Run(const RunOptions&, const char* const*, const Value* values, size_t count,
                         const char* const* output_names, size_t output_count) {
    const std::string place = std::getenv("STAND_IN");
    for (size_t i = 0; i < count; ++i)
      std::ofstream(place + "/fed-" + std::to_string(i) + ".bin", std::ios::binary) << values[i].bytes;
    std::vector<Value> found(output_count);
    for (size_t i = 0; i < output_count; ++i) {
      std::ifstream file(place + "/answer-" + std::to_string(i) + ".bin", std::ios::binary);
      found[i].bytes.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
      std::ifstream counts(place + "/counts.txt");
      for (std::string name, number; std::getline(counts, name) && std::getline(counts, number);)
        if (name == output_names[i]) found[i].count = std::stoul(number);
    }
    return found;
  }
};

}  // namespace Ort
