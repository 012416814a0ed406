/*
 * Runs llama.cpp without Node around it: the fixed tokens of tierRun.ts, one JSON line at the end.
 *
 *     libllama MODEL THREADS PROMPT_TOKENS GENERATED_TOKENS [repack]
 *     libllama MODEL THREADS serve CONTEXT [repack]
 *
 * `serve` answers passes as bench/peers/servePasses.ts does: a line "SEED PROMPT_TOKENS
 * GENERATED_TOKENS" in, a JSON line out. It then has what llama.cpp's own programs have: their batch
 * size, and threads that stay from one token to the next.
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
typedef struct { uint8_t bytes[2048]; } Parameters2K;
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
extern void *llama_get_memory(const void *context);
extern void llama_memory_clear(void *memory, _Bool data);
extern void llama_attach_threadpool(void *context, void *threads, void *batch_threads);
extern void *ggml_backend_dev_by_type(int type);
extern void *ggml_backend_dev_backend_reg(void *device);
extern void *ggml_backend_reg_get_proc_address(void *registry, const char *name);
extern Parameters2K ggml_threadpool_params_default(int threads);
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

typedef struct {
  double prefill_ms, prefill_cpu_ms, decode_cpu_ms, logits;
  double *token_ms;
  int choice; /* after the prompt */
} Pass;

static double cpu_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

/* Most memory this program had; getrusage would count that of whoever started it. */
static long peak_mib(void) {
  char line[256];
  long kib = 0;
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status)) sscanf(line, "VmHWM: %ld", &kib);
  if (status) fclose(status);
  return kib / 1024;
}

static int likeliest(const float *logits, int count) {
  int best = 0;
  for (int i = 1; i < count; i++)
    if (logits[i] > logits[best]) best = i;
  return best;
}

static void decode(void *context, int32_t *tokens, int count) {
  if (llama_decode(context, llama_batch_get_one(tokens, count))) exit(1);
  llama_synchronize(context);
}

/* A prompt, then single tokens; all of them fixed, but the likeliest one is looked for each time. */
static Pass run_pass(void *context, int32_t vocabulary, int prompt, int generated) {
  Pass pass = {.token_ms = malloc(sizeof(double) * (generated + 1))};
  int32_t *tokens = malloc(sizeof *tokens * (prompt + 1));
  for (int i = 0; i < prompt; i++) tokens[i] = next_token(vocabulary);
  double begin = now(), cpu_begin = cpu_ms();
  decode(context, tokens, prompt);
  float *logits = llama_get_logits_ith(context, -1);
  pass.choice = likeliest(logits, vocabulary);
  pass.prefill_ms = now() - begin;
  double cpu_prefilled = cpu_ms();
  pass.prefill_cpu_ms = cpu_prefilled - cpu_begin;
  pass.logits = logits[0];
  for (int i = 0; i < generated; i++) {
    double token_begin = now();
    tokens[0] = next_token(vocabulary);
    decode(context, tokens, 1);
    logits = llama_get_logits_ith(context, -1);
    likeliest(logits, vocabulary);
    pass.logits += logits[0];
    pass.token_ms[i] = now() - token_begin;
  }
  pass.decode_cpu_ms = cpu_ms() - cpu_prefilled;
  free(tokens);
  return pass;
}

static void print_times(const double *ms, int count) {
  printf("\"tokenMs\":[");
  for (int i = 0; i < count; i++) printf("%s%.3f", i ? "," : "", ms[i]);
  printf("]");
}

static void keep_threads(void *context, int threads) {
  void *cpu = ggml_backend_dev_backend_reg(ggml_backend_dev_by_type(0));
  void *(*create)(void *) = ggml_backend_reg_get_proc_address(cpu, "ggml_threadpool_new");
  Parameters2K parameters = ggml_threadpool_params_default(threads);
  llama_attach_threadpool(context, create(&parameters), NULL);
}

static void serve(void *context, int32_t vocabulary) {
  int seed, prompt, generated;
  while (scanf("%d %d %d", &seed, &prompt, &generated) == 3) {
    llama_memory_clear(llama_get_memory(context), 1);
    state = seed;
    Pass pass = run_pass(context, vocabulary, prompt, generated);
    printf("{\"prefillMs\":%.3f,", pass.prefill_ms);
    print_times(pass.token_ms, generated);
    printf(",\"prefillCpuMs\":%.3f,\"decodeCpuMs\":%.3f,\"peakMiB\":%ld,\"choice\":%d}\n",
           pass.prefill_cpu_ms, pass.decode_cpu_ms, peak_mib(), pass.choice);
    fflush(stdout);
    free(pass.token_ms);
  }
}

int main(int count, char **arguments) {
  if (count < 5) return 2;
  double start = now();
  int threads = atoi(arguments[2]), serving = !strcmp(arguments[3], "serve");
  llama_log_set(silent, 0);
  ggml_backend_load_all_from_path(getenv("GGML_DIR"));
  Parameters model_parameters = llama_model_default_params();
  Parameters context_parameters = llama_context_default_params();
  check_layout(&model_parameters, &context_parameters);
  model_parameters.bytes[use_extra_bufts_at] = count > 5;
  if (serving) *at(&context_parameters, n_ctx_at) = atoi(arguments[4]);
  *at(&context_parameters, n_batch_at) = *at(&context_parameters, n_ubatch_at) = serving ? 512 : 256;
  *at(&context_parameters, n_threads_at) = *at(&context_parameters, n_threads_batch_at) = threads;
  void *model = llama_model_load_from_file(arguments[1], model_parameters);
  if (!model) return 1;
  void *context = llama_init_from_model(model, context_parameters);
  if (!context) return 1;
  int32_t vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
  if (serving) {
    keep_threads(context, threads);
    serve(context, vocabulary);
    return 0;
  }
  int prompt = atoi(arguments[3]), generated = atoi(arguments[4]);
  double begin = now();
  Pass pass = run_pass(context, vocabulary, prompt, generated);
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  printf("{\"firstTokenMs\":%.1f,\"prefillMs\":%.1f,", begin - start + pass.prefill_ms,
         pass.prefill_ms);
  print_times(pass.token_ms, generated);
  printf(",\"peakMiB\":%ld,\"majorFaults\":%ld,\"logit\":%.4f}\n", use.ru_maxrss / 1024,
         use.ru_majflt, pass.logits);
  return 0;
}
