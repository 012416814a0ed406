/*
 * Runs llama.cpp without Node around it: the fixed tokens of tierRun.ts, one JSON line at the end.
 *
 *     libllama MODEL THREADS PROMPT_TOKENS GENERATED_TOKENS [repack]
 *
 * Links against the libraries of node-llama-cpp 3.22.1 (llama.cpp v0.5.0), which come without headers.
 * So parameter structures are plain bytes here: the library fills in its defaults, and the few fields
 * that matter are written at their places in that version. checkLayout() refuses any other.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

typedef struct { uint8_t bytes[512]; } Parameters;
/* int32 n_tokens and six pointers. */
typedef struct { int32_t tokens; void *fields[6]; } Batch;

enum { load_mode_at = 28, use_extra_bufts_at = 74 };
enum { n_ctx_at = 0, n_batch_at = 4, n_ubatch_at = 8, n_threads_at = 28, n_threads_batch_at = 32 };

extern Parameters llama_model_default_params(void);
extern Parameters llama_context_default_params(void);
extern void *llama_model_load_from_file(const char *path, Parameters parameters);
extern void *llama_init_from_model(void *model, Parameters parameters);
extern const void *llama_model_get_vocab(const void *model);
extern int32_t llama_vocab_n_tokens(const void *vocab);
extern Batch llama_batch_get_one(int32_t *tokens, int32_t count);
extern int32_t llama_decode(void *context, Batch batch);
extern void llama_synchronize(void *context);
extern float *llama_get_logits_ith(void *context, int32_t index);
extern void llama_log_set(void (*log)(int, const char *, void *), void *data);
extern void ggml_backend_load_all_from_path(const char *folder);

static void silent(int level, const char *text, void *data) {
  (void)data;
  if (level >= 4) fputs(text, stderr);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

static int32_t *at(Parameters *parameters, int offset) {
  return (int32_t *)(parameters->bytes + offset);
}

static void check_layout(Parameters *model, Parameters *context) {
  if (*at(model, load_mode_at) == 1 && model->bytes[use_extra_bufts_at] == 1 &&
      *at(context, n_ctx_at) == 512 && *at(context, n_threads_at) == 4) return;
  fputs("libllama: this is another version of llama.cpp than v0.5.0\n", stderr);
  exit(3);
}

/* The tokens of bench/tierRun.ts. */
static uint32_t state = 12345;
static int32_t next_token(int32_t vocabulary) {
  state = state * 1103515245u + 12345u;
  return (state >> 8) % (vocabulary - 10);
}

int main(int count, char **arguments) {
  if (count < 5) return 2;
  double start = now();
  int threads = atoi(arguments[2]), prompt = atoi(arguments[3]), generated = atoi(arguments[4]);
  llama_log_set(silent, 0);
  ggml_backend_load_all_from_path(getenv("GGML_DIR"));
  Parameters model_parameters = llama_model_default_params();
  Parameters context_parameters = llama_context_default_params();
  check_layout(&model_parameters, &context_parameters);
  model_parameters.bytes[use_extra_bufts_at] = count > 5;
  *at(&context_parameters, n_batch_at) = *at(&context_parameters, n_ubatch_at) = 256;
  *at(&context_parameters, n_threads_at) = *at(&context_parameters, n_threads_batch_at) = threads;
  void *model = llama_model_load_from_file(arguments[1], model_parameters);
  if (!model) return 1;
  void *context = llama_init_from_model(model, context_parameters);
  if (!context) return 1;
  int32_t vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
  int32_t *tokens = malloc(sizeof *tokens * (prompt + 1));
  for (int i = 0; i < prompt; i++) tokens[i] = next_token(vocabulary);
  double begin = now();
  if (llama_decode(context, llama_batch_get_one(tokens, prompt))) return 1;
  llama_synchronize(context);
  double first = now();
  double sum = llama_get_logits_ith(context, -1)[0];
  printf("{\"firstTokenMs\":%.1f,\"prefillMs\":%.1f,\"tokenMs\":[", first - start, first - begin);
  for (int i = 0; i < generated; i++) {
    double token_begin = now();
    tokens[0] = next_token(vocabulary);
    if (llama_decode(context, llama_batch_get_one(tokens, 1))) return 1;
    llama_synchronize(context);
    sum += llama_get_logits_ith(context, -1)[0];
    printf("%s%.2f", i ? "," : "", now() - token_begin);
  }
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  printf("],\"peakMiB\":%ld,\"majorFaults\":%ld,\"logit\":%.4f}\n", use.ru_maxrss / 1024,
         use.ru_majflt, sum);
  return 0;
}
