/* Stands in for CUDA's runtime library: the functions that edgeopt/runtimes/cuda_runtime.py
   calls, with the signatures of cuda_runtime_api.h. A device's memory is the host's. */
#include <stdlib.h>
#include <string.h>

typedef void *cudaStream_t;

int cudaGetDeviceCount(int *count) {
    *count = getenv("STANDIN_NO_GPU") ? 0 : 1;
    return 0;
}
int cudaDeviceGetAttribute(int *value, int attribute, int device) {
    *value = attribute == 75 ? 8 : attribute == 76 ? 7 : attribute == 16 ? 8 : -1;
    return device != 0;
}
const char *cudaGetErrorString(int code) { return code == 2 ? "out of memory" : "invalid value"; }
int cudaStreamCreate(cudaStream_t *stream) { *stream = malloc(1); return 0; }
int cudaStreamDestroy(cudaStream_t stream) { free(stream); return 0; }
int cudaStreamSynchronize(cudaStream_t stream) { return stream == 0; }
int cudaMalloc(void **place, size_t size) {
    if (size > (size_t)1 << 40) return 2;
    *place = malloc(size);
    memset(*place, 0x55, size); /* nothing runs on what was not copied */
    return 0;
}
int cudaMallocHost(void **place, size_t size) { return cudaMalloc(place, size); }
int cudaFree(void *place) { free(place); return 0; }
int cudaFreeHost(void *place) { free(place); return 0; }
int cudaMemcpyAsync(void *to, const void *from, size_t size, int kind, cudaStream_t stream) {
    if (kind != 1 && kind != 2) return 1;
    memcpy(to, from, size);
    return stream == 0;
}
