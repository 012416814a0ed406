/*
 * Writes what llama.cpp computes on a model with experts: a golden file (format "golden-v1").
 *
 *     golden LIBRARIES MODEL ARCH TYPE BUILD OUT < runs
 *
 * LIBRARIES is the folder of node-llama-cpp's prebuilt libraries (3.22.1, llama.cpp v0.5.0), ARCH the
 * GGUF architecture, TYPE what most tensors are, BUILD the CPU build (haswell; x64 for stability.ts), OUT
 * a path without its ending: OUT.expected.json and OUT.expected.bin are written. The JSON names MODEL as given: as seen from OUT's folder, so run it there.
 * Each line of standard input is a run: its name, then the tokens of its prompt. Eight tokens are then
 * generated greedily and fed one by one; or those that follow after a bar are fed. One thread, no repacking, f32 keys and values, no flash
 * attention, as for all golden files.
 *
 *     cc -O1 golden.c -o golden -L LIBRARIES -lllama -lggml -lggml-base -Wl,-rpath,LIBRARIES
 *
 * The libraries come without headers, so parameters are plain bytes here (see bench/native/libllama.c);
 * checkLayout refuses another version.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { uint8_t bytes[512]; } Parameters;
typedef struct {
  int32_t count, *tokens;
  float *embeddings;
  int32_t *positions, *sequenceCounts, **sequences;
  int8_t *outputs;
} Batch;
/* The head of ggml_tensor. */
typedef struct { int type; void *buffer; int64_t sizes[4]; size_t strides[4]; } Tensor;
typedef _Bool (*Callback)(Tensor *tensor, _Bool ask, void *data);

enum { use_extra_bufts_at = 74, n_ctx_at = 0, n_batch_at = 4, n_ubatch_at = 8, n_threads_at = 28, n_threads_batch_at = 32 };
enum { flash_attention_at = 52, callback_at = 88, type_k_at = 104, type_v_at = 108 };
enum { f32 = 0, f16 = 1, generated = 8, layerLimit = 64 };

extern Parameters llama_model_default_params(void), llama_context_default_params(void);
extern void *llama_model_load_from_file(const char *path, Parameters parameters);
extern void *llama_init_from_model(void *model, Parameters parameters);
extern const void *llama_model_get_vocab(const void *model);
extern int32_t llama_vocab_n_tokens(const void *vocab), llama_model_n_layer(const void *model), llama_model_n_embd(const void *model);
extern Batch llama_batch_init(int32_t tokens, int32_t embedding, int32_t sequences);
extern int32_t llama_decode(void *context, Batch batch);
extern void llama_synchronize(void *context);
extern float *llama_get_logits_ith(void *context, int32_t index);
extern void *llama_get_memory(const void *context);
extern void llama_memory_clear(void *memory, _Bool data);
extern void llama_log_set(void (*log)(int, const char *, void *), void *data);
extern void *ggml_backend_load(const char *path);
extern const char *ggml_get_name(const Tensor *tensor);
extern void ggml_backend_tensor_get(const Tensor *tensor, void *data, size_t offset, size_t size);

static int32_t *at(Parameters *p, int offset) { return (int32_t *)(p->bytes + offset); }

static void checkLayout(Parameters *context) {
  if (*at(context, n_ctx_at) == 512 && *at(context, n_threads_at) == 4 && *at(context, type_k_at) == f16 &&
      *at(context, type_v_at) == f16 && *at(context, flash_attention_at) == -1 && *(void **)(context->bytes + callback_at) == NULL) return;
  fputs("golden: this is another version of llama.cpp than v0.5.0\n", stderr);
  exit(3);
}

static void silent(int level, const char *text, void *data) {
  (void)data;
  if (level >= 4) fputs(text, stderr);
}

/* What the pass under way has shown: of every layer the experts, their weights and the residual stream. */
static struct { int k, tokens; int32_t *experts; float *weights, *hidden; } seen[layerLimit];
static int width;

/* Rows of `tensor`, which may be a view of longer ones. */
static void *rows(const Tensor *t, size_t rowBytes) {
  int64_t count = t->sizes[1] * t->sizes[2] * t->sizes[3];
  size_t stride = t->sizes[1] > 1 ? t->strides[1] : t->strides[2];
  char *out = malloc(count * rowBytes + 1);
  for (int64_t i = 0; i < count; i++) ggml_backend_tensor_get(t, out + i * rowBytes, i * stride, rowBytes);
  return out;
}

static _Bool watch(Tensor *t, _Bool ask, void *data) {
  (void)data;
  int layer;
  const char *name = ggml_get_name(t);
  _Bool isExperts = sscanf(name, "ffn_moe_topk-%d", &layer) == 1;
  _Bool isWeights = sscanf(name, "ffn_moe_weights_norm-%d", &layer) == 1;
  _Bool isHidden = sscanf(name, "l_out-%d", &layer) == 1;
  if (!(isExperts || isWeights || isHidden) || layer >= layerLimit) return !ask;
  if (ask) return 1;
  if (isExperts) {
    seen[layer].k = t->sizes[0], seen[layer].tokens = t->sizes[1];
    free(seen[layer].experts), seen[layer].experts = rows(t, t->sizes[0] * 4);
  } else if (isWeights) {
    free(seen[layer].weights);
    /* [1, k, tokens] or [k, tokens]: contiguous */
    size_t bytes = t->sizes[0] * t->sizes[1] * t->sizes[2] * 4;
    ggml_backend_tensor_get(t, seen[layer].weights = malloc(bytes), 0, bytes);
  } else {
    free(seen[layer].hidden), seen[layer].hidden = rows(t, (size_t)width * 4);
  }
  return 1;
}

static long put(FILE *bin, const void *values, long count) {
  long offset = ftell(bin);
  fwrite(values, 4, count, bin);
  return offset;
}

typedef struct { char *experts, *weights; size_t expertsSize, weightsSize; FILE *expertsText, *weightsText; } Routing;

static void note(Routing *routing, int layers) {
  for (int l = 0; l < layers; l++)
    for (int t = 0; t < seen[l].tokens; t++) {
      FILE *e = routing[l].expertsText, *w = routing[l].weightsText;
      fputs(ftell(e) ? ",[" : "[", e), fputs(ftell(w) ? ",[" : "[", w);
      for (int k = 0; k < seen[l].k; k++) {
        fprintf(e, "%s%d", k ? "," : "", seen[l].experts[t * seen[l].k + k]);
        fprintf(w, "%s%.9g", k ? "," : "", seen[l].weights[t * seen[l].k + k]);
      }
      fputs("]", e), fputs("]", w);
    }
}

/* The residual stream after every layer, at one position of the latest pass. */
static long putHidden(FILE *bin, int layers, int position) {
  long offset = ftell(bin);
  for (int l = 0; l < layers; l++) put(bin, seen[l].hidden + (long)position * width, width);
  return offset;
}

static int likeliest(const float *logits, int count) {
  int best = 0;
  for (int i = 1; i < count; i++) if (logits[i] > logits[best]) best = i;
  return best;
}

static void feed(void *context, const int32_t *tokens, int count, int first) {
  Batch b = llama_batch_init(count, 0, 1);
  b.count = count;
  for (int i = 0; i < count; i++)
    b.tokens[i] = tokens[i], b.positions[i] = first + i, b.sequenceCounts[i] = 1, b.sequences[i][0] = 0, b.outputs[i] = 1;
  if (llama_decode(context, b)) { fputs("golden: llama_decode failed\n", stderr); exit(1); }
  llama_synchronize(context);
}

/* Writes `"name":[...]`. */
static void list(FILE *out, const char *name, const int32_t *values, int count) {
  fprintf(out, "\"%s\":[", name);
  for (int i = 0; i < count; i++) fprintf(out, "%s%d", i ? "," : "", values[i]);
  fputs("]", out);
}

static void run(void *context, char *line, int vocabulary, int layers, FILE *json, FILE *bin) {
  int32_t prompt[512], fed[generated], greedy[generated + 1];
  int count = 0, given = -1; /* tokens to be fed; -1 before the bar */
  char *name = strtok(line, " \n");
  for (char *word; count < 500 && given < generated && (word = strtok(NULL, " \n"));) {
    if (!strcmp(word, "|")) given = 0;
    else if (given < 0) prompt[count++] = atoi(word);
    else fed[given++] = atoi(word);
  }
  Routing routing[layerLimit];
  for (int l = 0; l < layers; l++) {
    routing[l].expertsText = open_memstream(&routing[l].experts, &routing[l].expertsSize);
    routing[l].weightsText = open_memstream(&routing[l].weights, &routing[l].weightsSize);
  }
  llama_memory_clear(llama_get_memory(context), 1);
  feed(context, prompt, count, 0);
  note(routing, layers);
  float *logits = malloc(sizeof(float) * vocabulary * (generated + 1));
  memcpy(logits, llama_get_logits_ith(context, count - 1), sizeof(float) * vocabulary);
  greedy[0] = likeliest(logits, vocabulary);
  long promptAt = putHidden(bin, layers, count - 1);
  for (int i = 0; i < generated; i++) {
    if (i >= given) fed[i] = greedy[i];
    feed(context, &fed[i], 1, count + i);
    note(routing, layers);
    float *next = logits + (long)(i + 1) * vocabulary;
    memcpy(next, llama_get_logits_ith(context, 0), sizeof(float) * vocabulary);
    greedy[i + 1] = likeliest(next, vocabulary);
  }
  long lastAt = putHidden(bin, layers, 0), logitsAt = put(bin, logits, (long)vocabulary * (generated + 1));
  free(logits);
  fprintf(json, "{\"name\":\"%s\",", name);
  list(json, "prompt", prompt, count), fputs(",", json);
  list(json, "fed_tokens_after_prompt", fed, generated);
  fprintf(json, ",\n\"native\":{\"logits\":{\"offset\":%ld,\"shape\":[%d,%d]},\"logits_first_position\":%d,", logitsAt, generated + 1, vocabulary, count - 1);
  list(json, "greedy", greedy, generated + 1);
  fprintf(json, ",\n\"l_out_last_prompt_pos\":{\"offset\":%ld,\"shape\":[%d,%d]},\"l_out_last_pos\":{\"offset\":%ld,\"shape\":[%d,%d]},\n\"routing\":[", promptAt,
          layers, width, lastAt, layers, width);
  for (int l = 0; l < layers; l++) {
    fclose(routing[l].expertsText), fclose(routing[l].weightsText);
    fprintf(json, "%s\n{\"layer\":%d,\"experts\":[%s],\"weights\":[%s]}", l ? "," : "", l, routing[l].experts, routing[l].weights);
    free(routing[l].experts), free(routing[l].weights);
  }
  fputs("]}}", json);
}

int main(int argc, char **argv) {
  if (argc != 7) { fputs("usage: golden LIBRARIES MODEL ARCH TYPE BUILD OUT < runs\n", stderr); return 2; }
  char path[4096];
  llama_log_set(silent, NULL);
  snprintf(path, sizeof path, "%s/libggml-cpu-%s.so", argv[1], argv[5]);
  if (!ggml_backend_load(path)) return 1;
  Parameters forModel = llama_model_default_params(), forContext = llama_context_default_params();
  checkLayout(&forContext);
  forModel.bytes[use_extra_bufts_at] = 0;
  *at(&forContext, n_batch_at) = *at(&forContext, n_ubatch_at) = 512;
  *at(&forContext, n_threads_at) = *at(&forContext, n_threads_batch_at) = 1;
  *at(&forContext, flash_attention_at) = 0;
  *at(&forContext, type_k_at) = *at(&forContext, type_v_at) = f32;
  *(Callback *)(forContext.bytes + callback_at) = watch;
  void *model = llama_model_load_from_file(argv[2], forModel);
  void *context = model ? llama_init_from_model(model, forContext) : NULL;
  if (!context) return 1;
  int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model)), layers = llama_model_n_layer(model);
  width = llama_model_n_embd(model);
  snprintf(path, sizeof path, "%s.expected.json", argv[6]);
  FILE *json = fopen(path, "w");
  snprintf(path, sizeof path, "%s.expected.bin", argv[6]);
  FILE *bin = fopen(path, "wb");
  if (!json || !bin) { perror(argv[6]); return 1; }
  fprintf(json, "{\"format\":\"golden-v1\",\"model\":\"%s\",\"arch\":\"%s\",\"n_vocab\":%d,\"tensor_types\":{\"%s\":1},\n", argv[2], argv[3], vocabulary, argv[4]);
  fputs("\"llama_cpp\":{\"version\":\"v0.5.0\",\"binary\":\"@node-llama-cpp/linux-x64 3.22.1\",", json);
  fprintf(json, "\"cpu_backend\":\"libggml-cpu-%s.so\"},\n", argv[5]);
  fputs("\"settings\":{\"flash_attn\":\"disabled\",\"type_k\":\"f32\",\"type_v\":\"f32\",\"n_threads\":1,\"repack\":false},\n\"runs\":[\n", json);
  char *line = NULL;
  size_t size = 0;
  for (int i = 0; getline(&line, &size, stdin) > 1; i++) {
    if (i) fputs(",\n", json);
    run(context, line, vocabulary, layers, json, bin);
  }
  fputs("]}\n", json);
  fclose(json), fclose(bin);
  return 0;
}
