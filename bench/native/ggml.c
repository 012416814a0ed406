/*
 * A Node addon for measuring: ggml's own dot products on bytes that lie in a WebAssembly memory, so
 * that both kernels run on the same data in one process.
 *
 *     cc -O2 -shared -fPIC bench/native/ggml.c -o ggml.node       (ggml.ts does it)
 *
 * Opens the libraries of node-llama-cpp, which come without headers, and a Node installed from npm
 * has none of its own either: the few prototypes are declared here. N-API's are stable by promise;
 * of ggml only functions are called and one small structure is read, that of `check_layout`.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* N-API */
typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_callback_info__ *napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);
extern int napi_get_cb_info(napi_env, napi_callback_info, size_t *, napi_value *, napi_value *, void **);
extern int napi_get_typedarray_info(napi_env, napi_value, int *, size_t *, void **, napi_value *, size_t *);
extern int napi_get_value_double(napi_env, napi_value, double *);
extern int napi_get_value_string_utf8(napi_env, napi_value, char *, size_t, size_t *);
extern int napi_create_double(napi_env, double, napi_value *);
extern int napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *);
extern int napi_set_named_property(napi_env, napi_value, const char *, napi_value);
extern int napi_throw_error(napi_env, const char *, const char *);

/* ggml: what its CPU backend knows of a type. */
typedef struct {
  void (*from_float)(const float *x, void *output, int64_t count);
  void (*vec_dot)(int count, float *sum, size_t, const void *x, size_t, const void *y, size_t, int);
  int activation_type;
  int64_t rows;
} Traits;

enum { q8_0 = 8, q8_k = 15, q4_k = 12 };

static const Traits *(*traits_of)(int type);
static size_t (*row_size)(int type, int64_t count);

static bool check_layout(void) {
  return traits_of(q4_k)->activation_type == q8_k && traits_of(q8_0)->activation_type == q8_0 &&
         row_size(q4_k, 512) == 288;
}

static napi_value fail(napi_env env, const char *reason) {
  napi_throw_error(env, 0, reason ? reason : "unknown");
  return 0;
}

/* open(folder, library): the libraries stay open until the process ends. */
static napi_value open_libraries(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  char folder[1024], name[128], path[1280];
  napi_get_cb_info(env, info, &count, arguments, 0, 0);
  napi_get_value_string_utf8(env, arguments[0], folder, sizeof folder, 0);
  napi_get_value_string_utf8(env, arguments[1], name, sizeof name, 0);
  snprintf(path, sizeof path, "%s/libggml-base.so", folder);
  void *base = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
  if (!base) return fail(env, dlerror());
  snprintf(path, sizeof path, "%s/%s", folder, name);
  void *cpu = dlopen(path, RTLD_NOW);
  if (!cpu) return fail(env, dlerror());
  row_size = dlsym(base, "ggml_row_size");
  traits_of = dlsym(cpu, "ggml_get_type_traits_cpu");
  void (*initialise)(void) = dlsym(cpu, "ggml_cpu_init");
  if (!row_size || !traits_of || !initialise) return fail(env, "this is another version of ggml");
  initialise();
  return check_layout() ? 0 : fail(env, "this is another version of ggml");
}

/* The bytes of a typed array, then `count - 1` numbers. */
static uint8_t *arguments_of(napi_env env, napi_callback_info info, size_t count, double *numbers) {
  napi_value arguments[8];
  void *bytes = 0;
  napi_get_cb_info(env, info, &count, arguments, 0, 0);
  napi_get_typedarray_info(env, arguments[0], 0, 0, &bytes, 0, 0);
  for (size_t i = 1; i < count; i++) napi_get_value_double(env, arguments[i], &numbers[i - 1]);
  return bytes;
}

/* encode(memory, type, source, output, columns): activations as the type's dot product wants them. */
static napi_value encode(napi_env env, napi_callback_info info) {
  double n[4];
  uint8_t *memory = arguments_of(env, info, 5, n);
  int type = traits_of((int)n[0])->activation_type;
  const float *source = (const float *)(memory + (size_t)n[1]);
  uint8_t *output = memory + (size_t)n[2];
  if (traits_of(type)->from_float) {
    traits_of(type)->from_float(source, output, (int64_t)n[3]);
  } else {
    for (int i = 0; i < (int)n[3]; i++) ((float *)output)[i] = source[i];
  }
  return 0;
}

/* multiply(memory, type, matrix, rows, columns, activations, output) */
static napi_value multiply(napi_env env, napi_callback_info info) {
  double n[6];
  uint8_t *memory = arguments_of(env, info, 7, n);
  const Traits *traits = traits_of((int)n[0]);
  int rows = (int)n[2], columns = (int)n[3];
  size_t bytes = row_size((int)n[0], columns);
  const uint8_t *matrix = memory + (size_t)n[1];
  const uint8_t *activations = memory + (size_t)n[4];
  float *output = (float *)(memory + (size_t)n[5]);
  for (int row = 0; row < rows; row++)
    traits->vec_dot(columns, output + row, 0, matrix + row * bytes, 0, activations, 0, 1);
  return 0;
}

/* threadMs(): CPU time of the calling thread, which waiting for a core does not lengthen. */
static napi_value thread_ms(napi_env env, napi_callback_info info) {
  (void)info;
  struct timespec time;
  napi_value result;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  napi_create_double(env, time.tv_sec * 1e3 + time.tv_nsec * 1e-6, &result);
  return result;
}

static void export(napi_env env, napi_value exports, const char *name, napi_callback function) {
  napi_value value;
  napi_create_function(env, name, SIZE_MAX, function, 0, &value);
  napi_set_named_property(env, exports, name, value);
}

int32_t node_api_module_get_api_version_v1(void) { return 8; }

napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  export(env, exports, "open", open_libraries);
  export(env, exports, "encode", encode);
  export(env, exports, "multiply", multiply);
  export(env, exports, "threadMs", thread_ms);
  return exports;
}
