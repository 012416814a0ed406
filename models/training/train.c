/*
 * Trains the network of model.py on a CPU: the same graph, forward and backward written out, on
 * OpenBLAS. Every thread takes its own documents through the whole network; gradients are then summed.
 *
 *     gcc -O3 -march=native -ffast-math -fopenmp train.c -o train -lopenblas -lm
 *     OPENBLAS_CORETYPE=SKYLAKEX ./train --data train.bin --out run --minutes 60
 *
 * Hidden matrices are updated by Muon (momentum, made orthogonal by five Newton-Schulz steps; Jordan and
 * others 2024), everything else by AdamW. The rate is constant and falls linearly to nothing at the end.
 * A document attends to itself alone, at positions from 0, as it will when it is generated.
 */
#include <cblas.h>
#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { V = 2048, D = 256, L = 6, H = 8, KV = 2, HD = 32, E = 32, K = 4, F = 64, CTX = 512 };
enum { QKV = (H + 2 * KV) * HD, KAT = H * HD, VAT = (H + KV) * HD, MAXTHREADS = 64 };
static const float eps = 1e-6f, ropeBase = 10000.0f;

void openblas_set_num_threads(int);

/* ---------------------------------------------------------------- parameters */

/* How a tensor is updated. */
enum { ADAM, MUON };

typedef struct {
  char name[48];
  long offset;
  int count, rows, cols; /* count matrices of rows x cols, one after the other */
  int method;
  float init, rate; /* standard deviation at the start (negative: all are -init); relative rate */
} Tensor;

typedef struct {
  long attnNorm, q, k, v, qNorm, kNorm, o, ffnNorm, router, gate, up, down;
} Layer;

static Tensor tensors[16 * L + 8];
static int tensorCount;
static long parameterCount;
static Layer layers[L];
static long embed, head, lastNorm;

static long tensor(const char *name, int count, int rows, int cols, int method, float init, float rate) {
  Tensor *t = &tensors[tensorCount++];
  snprintf(t->name, sizeof t->name, "%s", name);
  t->offset = parameterCount;
  t->count = count, t->rows = rows, t->cols = cols, t->method = method, t->init = init, t->rate = rate;
  parameterCount += (long)count * rows * cols;
  return t->offset;
}

/* q, k and v lie one after the other, and so do the gates and ups of one expert: each is one product. */
static long gateUp(int e) { return (long)e * 2 * F * D; }

static void describe(void) {
  const float fan = 1.0f / sqrtf(D);
  embed = tensor("token_embd", 1, V, D, ADAM, 0.1f, 2.0f);
  head = tensor("output", 1, V, D, ADAM, 0.02f, 1.0f);
  lastNorm = tensor("output_norm", 1, 1, D, ADAM, -1, 1.0f);
  for (int l = 0; l < L; l++) {
    char name[48];
#define NAMED(text) (snprintf(name, sizeof name, "blk.%d." text, l), name)
    Layer *y = &layers[l];
    y->attnNorm = tensor(NAMED("attn_norm"), 1, 1, D, ADAM, -1, 1.0f);
    y->q = tensor(NAMED("attn_q"), 1, H * HD, D, MUON, fan, 1.0f);
    y->k = tensor(NAMED("attn_k"), 1, KV * HD, D, MUON, fan, 1.0f);
    y->v = tensor(NAMED("attn_v"), 1, KV * HD, D, MUON, fan, 1.0f);
    y->qNorm = tensor(NAMED("attn_q_norm"), 1, 1, HD, ADAM, -1, 1.0f);
    y->kNorm = tensor(NAMED("attn_k_norm"), 1, 1, HD, ADAM, -1, 1.0f);
    y->o = tensor(NAMED("attn_output"), 1, D, H * HD, MUON, 0.3f * fan, 1.0f);
    y->ffnNorm = tensor(NAMED("ffn_norm"), 1, 1, D, ADAM, -1, 1.0f);
    y->router = tensor(NAMED("ffn_gate_inp"), 1, E, D, ADAM, 0.02f, 1.0f);
    /* Per expert: F rows of gate, then F rows of up. */
    y->gate = tensor(NAMED("ffn_gate_up_exps"), 2 * E, F, D, MUON, fan, 1.0f);
    y->down = tensor(NAMED("ffn_down_exps"), E, D, F, MUON, 0.3f * fan, 1.0f);
  }
}

/* ---------------------------------------------------------------- random numbers */

static uint64_t rngState = 88172645463325252ull;
static uint64_t rnd64(uint64_t *s) {
  uint64_t x = *s;
  x ^= x << 13, x ^= x >> 7, x ^= x << 17;
  return *s = x;
}
static float uniform(uint64_t *s) { return (float)((rnd64(s) >> 40) * (1.0 / 16777216.0)); }
static float normal(uint64_t *s) {
  float a = uniform(s) + 1e-9f, b = uniform(s);
  return sqrtf(-2 * logf(a)) * cosf(6.28318530718f * b);
}

/* ---------------------------------------------------------------- small pieces */

/* C [m, n] = A [m, k] * B [n, k]^T */
static void mulNT(int m, int n, int k, const float *A, int lda, const float *B, int ldb, float beta, float *C, int ldc) {
  if (m) cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, A, lda, B, ldb, beta, C, ldc);
}
/* C [m, n] = A [m, k] * B [k, n] */
static void mulNN(int m, int n, int k, const float *A, int lda, const float *B, int ldb, float beta, float *C, int ldc) {
  if (m) cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, A, lda, B, ldb, beta, C, ldc);
}
/* C [m, n] = A [k, m]^T * B [k, n] */
static void mulTN(int m, int n, int k, const float *A, int lda, const float *B, int ldb, float beta, float *C, int ldc) {
  if (k) cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, n, k, 1, A, lda, B, ldb, beta, C, ldc);
}

static void rms(int n, const float *x, const float *g, float *y, float *inverse) {
  for (int t = 0; t < n; t++) {
    const float *a = x + (long)t * D;
    float *b = y + (long)t * D, sum = 0;
    for (int i = 0; i < D; i++) sum += a[i] * a[i];
    float s = inverse[t] = 1 / sqrtf(sum / D + eps);
    for (int i = 0; i < D; i++) b[i] = a[i] * s * g[i];
  }
}

/* Adds the gradient of the input of `rms` to `dx`. */
static void rmsBack(int n, const float *x, const float *g, const float *inverse, const float *dy, float *dx, float *dg) {
  for (int t = 0; t < n; t++) {
    const float *a = x + (long)t * D, *d = dy + (long)t * D;
    float *b = dx + (long)t * D, s = inverse[t], dot = 0;
    for (int i = 0; i < D; i++) dot += d[i] * g[i] * a[i], dg[i] += d[i] * a[i] * s;
    dot *= s * s * s / D;
    for (int i = 0; i < D; i++) b[i] += d[i] * g[i] * s - a[i] * dot;
  }
}

static float cosines[CTX][HD / 2], sines[CTX][HD / 2];

/* Normalises a head and turns it (pairs i, i + HD/2). */
static float turn(const float *x, const float *g, int position, float *y) {
  float sum = 0;
  for (int i = 0; i < HD; i++) sum += x[i] * x[i];
  float s = 1 / sqrtf(sum / HD + eps);
  const float *c = cosines[position], *z = sines[position];
  for (int i = 0; i < HD / 2; i++) {
    float a = x[i] * s * g[i], b = x[i + HD / 2] * s * g[i + HD / 2];
    y[i] = a * c[i] - b * z[i], y[i + HD / 2] = b * c[i] + a * z[i];
  }
  return s;
}

static void turnBack(const float *x, const float *g, int position, float s, const float *dy, float *dx, float *dg) {
  float d[HD], dot = 0;
  const float *c = cosines[position], *z = sines[position];
  for (int i = 0; i < HD / 2; i++) {
    d[i] = dy[i] * c[i] + dy[i + HD / 2] * z[i];
    d[i + HD / 2] = dy[i + HD / 2] * c[i] - dy[i] * z[i];
  }
  for (int i = 0; i < HD; i++) dot += d[i] * g[i] * x[i], dg[i] += d[i] * x[i] * s;
  dot *= s * s * s / HD;
  for (int i = 0; i < HD; i++) dx[i] = d[i] * g[i] * s - x[i] * dot;
}

/* ---------------------------------------------------------------- a worker: one thread's share of a batch */

typedef struct {
  float *x, *inverse1, *n1, *qkv, *turned, *headInverse, *p, *o, *mid, *inverse2, *n2, *prob, *weight, *h, *scaled;
  int *choice, *order, *start; /* order: pairs sorted by expert; start [E + 1] */
} Saved;

typedef struct {
  int room, n, segments;
  int *ids, *targets, *position, *segmentStart;
  float *lossWeight, *grads, *last, *inverse, *normed;
  Saved saved[L];
  float *dx, *dn, *dqkv, *dturned, *dO, *dp, *xs, *dh, *act, *dweight, *logits;
  double loss, weightSum, balance;
  uint64_t rng;
  long usage[L][E];
} Worker;

static float *floats(long n) {
  float *p = aligned_alloc(64, (n * 4 + 63) / 64 * 64);
  if (!p) { fprintf(stderr, "out of memory\n"); exit(1); }
  memset(p, 0, n * 4);
  return p;
}

static void workerInit(Worker *w, int room, uint64_t seed) {
  memset(w, 0, sizeof *w);
  w->room = room, w->rng = seed;
  w->ids = calloc(room, 4), w->targets = calloc(room, 4), w->position = calloc(room, 4), w->segmentStart = calloc(room + 1, 4);
  w->lossWeight = floats(room), w->grads = floats(parameterCount);
  w->last = floats((long)room * D), w->inverse = floats(room), w->normed = floats((long)room * D);
  for (int l = 0; l < L; l++) {
    Saved *s = &w->saved[l];
    s->x = floats((long)room * D), s->n1 = floats((long)room * D), s->mid = floats((long)room * D), s->n2 = floats((long)room * D);
    s->inverse1 = floats(room), s->inverse2 = floats(room);
    s->qkv = floats((long)room * QKV), s->turned = floats((long)room * VAT), s->headInverse = floats((long)room * (H + KV));
    s->p = floats((long)room * CTX * H), s->o = floats((long)room * H * HD);
    s->prob = floats((long)room * E), s->weight = floats((long)room * K);
    s->h = floats((long)room * K * 2 * F), s->scaled = floats((long)room * K * F);
    s->choice = calloc((long)room * K, 4), s->order = calloc((long)room * K, 4), s->start = calloc(E + 1, 4);
  }
  w->dx = floats((long)room * D), w->dn = floats((long)room * D), w->dqkv = floats((long)room * QKV);
  w->dturned = floats((long)room * VAT), w->dO = floats((long)room * H * HD), w->dp = floats((long)CTX * CTX);
  w->xs = floats((long)room * D * 2), w->dh = floats((long)room * 2 * F), w->act = floats((long)room * F);
  w->dweight = floats((long)room * K), w->logits = floats(256L * V);
}

static void attend(Worker *w, Saved *s) {
  const float scale = 1 / sqrtf(HD);
  float *p = s->p;
  for (int g = 0; g < w->segments; g++) {
    int from = w->segmentStart[g], n = w->segmentStart[g + 1] - from;
    for (int h = 0; h < H; h++, p += (long)n * n) {
      const float *q = s->turned + (long)from * VAT + h * HD, *k = s->turned + (long)from * VAT + KAT + h / (H / KV) * HD;
      const float *v = s->qkv + (long)from * QKV + VAT + h / (H / KV) * HD;
      mulNT(n, n, HD, q, VAT, k, VAT, 0, p, n);
      for (int t = 0; t < n; t++) {
        float *row = p + (long)t * n, most = -1e30f, sum = 0;
        for (int j = 0; j <= t; j++) most = fmaxf(most, row[j]);
        for (int j = 0; j <= t; j++) sum += row[j] = expf((row[j] - most) * scale);
        float f = 1 / sum;
        for (int j = 0; j <= t; j++) row[j] *= f;
        memset(row + t + 1, 0, (n - t - 1) * 4);
      }
      mulNN(n, HD, n, p, n, v, QKV, 0, s->o + (long)from * H * HD + h * HD, H * HD);
    }
  }
}

static void attendBack(Worker *w, Saved *s) {
  const float scale = 1 / sqrtf(HD);
  float *p = s->p, *dp = w->dp;
  memset(w->dturned, 0, (long)w->n * VAT * 4);
  memset(w->dqkv, 0, (long)w->n * QKV * 4);
  for (int g = 0; g < w->segments; g++) {
    int from = w->segmentStart[g], n = w->segmentStart[g + 1] - from;
    for (int h = 0; h < H; h++, p += (long)n * n) {
      long at = (long)from * VAT, kv = h / (H / KV) * HD;
      const float *q = s->turned + at + h * HD, *k = s->turned + at + KAT + kv, *v = s->qkv + (long)from * QKV + VAT + kv;
      float *dq = w->dturned + at + h * HD, *dk = w->dturned + at + KAT + kv, *dv = w->dqkv + (long)from * QKV + VAT + kv;
      const float *dO = w->dO + (long)from * H * HD + h * HD;
      mulTN(n, HD, n, p, n, dO, H * HD, 1, dv, QKV);
      mulNT(n, n, HD, dO, H * HD, v, QKV, 0, dp, n);
      for (int t = 0; t < n; t++) {
        float *d = dp + (long)t * n, dot = 0;
        const float *row = p + (long)t * n;
        for (int j = 0; j <= t; j++) dot += d[j] * row[j];
        for (int j = 0; j <= t; j++) d[j] = row[j] * (d[j] - dot) * scale;
        memset(d + t + 1, 0, (n - t - 1) * 4);
      }
      mulNN(n, HD, n, dp, n, k, VAT, 0, dq, VAT);
      mulTN(n, HD, n, dp, n, q, VAT, 1, dk, VAT);
    }
  }
}

static void route(Worker *w, Saved *s, const float *router, int l) {
  int n = w->n, count[E] = {0};
  mulNT(n, E, D, s->n2, D, router, D, 0, s->prob, E);
  for (int t = 0; t < n; t++) {
    float *p = s->prob + (long)t * E, most = -1e30f, sum = 0;
    for (int e = 0; e < E; e++) most = fmaxf(most, p[e]);
    for (int e = 0; e < E; e++) sum += p[e] = expf(p[e] - most);
    for (int e = 0; e < E; e++) p[e] /= sum;
    float total = 0;
    for (int k = 0; k < K; k++) {
      int best = -1;
      for (int e = 0; e < E; e++) {
        int taken = 0;
        for (int j = 0; j < k; j++) taken |= s->choice[t * K + j] == e;
        if (!taken && (best < 0 || p[e] > p[best])) best = e;
      }
      s->choice[t * K + k] = best, s->weight[t * K + k] = p[best], total += p[best], count[best]++;
    }
    for (int k = 0; k < K; k++) s->weight[t * K + k] /= total;
  }
  s->start[0] = 0;
  for (int e = 0; e < E; e++) s->start[e + 1] = s->start[e] + count[e], w->usage[l][e] += count[e], count[e] = s->start[e];
  for (int pair = 0; pair < n * K; pair++) s->order[count[s->choice[pair]]++] = pair;
}

static void gather(const Saved *s, const float *from, int begin, int end, float *to) {
  for (int i = begin; i < end; i++) memcpy(to + (long)(i - begin) * D, from + (long)(s->order[i] / K) * D, D * 4);
}

/* Adds the experts' outputs to `out`. An output is weighted before the down product, which is linear. */
static void experts(Worker *w, Saved *s, const float *gu, const float *down, float *out) {
  for (int e = 0; e < E; e++) {
    int begin = s->start[e], end = s->start[e + 1], m = end - begin;
    float *h = s->h + (long)begin * 2 * F, *a = s->scaled + (long)begin * F, *xs = w->xs;
    gather(s, s->n2, begin, end, xs);
    mulNT(m, 2 * F, D, xs, D, gu + gateUp(e), D, 0, h, 2 * F);
    for (int i = 0; i < m; i++) {
      float weight = s->weight[s->order[begin + i]];
      const float *g = h + (long)i * 2 * F;
      for (int j = 0; j < F; j++) a[(long)i * F + j] = g[j] / (1 + expf(-g[j])) * g[F + j] * weight;
    }
    mulNT(m, D, F, a, F, down + (long)e * D * F, F, 0, xs, D);
    for (int i = 0; i < m; i++) {
      float *o = out + (long)(s->order[begin + i] / K) * D;
      const float *y = xs + (long)i * D;
      for (int j = 0; j < D; j++) o[j] += y[j];
    }
  }
}

/* From the gradient of the sum `dout` to that of the inputs (added to `dn`), the matrices and the weights. */
static void expertsBack(Worker *w, Saved *s, const float *gu, const float *down, const float *dout, float *dn, float *dgu,
                        float *ddown, float *dweight) {
  for (int e = 0; e < E; e++) {
    int begin = s->start[e], end = s->start[e + 1], m = end - begin;
    const float *h = s->h + (long)begin * 2 * F, *a = s->scaled + (long)begin * F;
    float *dy = w->xs, *xs = w->xs + (long)w->room * D, *da = w->act, *dh = w->dh;
    for (int part = 0; part < m; part += w->room / 2) { /* the buffers hold room / 2 rows */
      int rows = m - part < w->room / 2 ? m - part : w->room / 2, at = begin + part;
      gather(s, dout, at, at + rows, dy);
      gather(s, s->n2, at, at + rows, xs);
      mulNN(rows, F, D, dy, D, down + (long)e * D * F, F, 0, da, F);
      mulTN(D, F, rows, dy, D, a + (long)part * F, F, 1, ddown + (long)e * D * F, F);
      for (int i = 0; i < rows; i++) {
        int pair = s->order[at + i];
        float weight = s->weight[pair], dot = 0;
        const float *g = h + (long)(part + i) * 2 * F, *u = g + F, *d = da + (long)i * F;
        float *dg = dh + (long)i * 2 * F, *du = dg + F;
        for (int j = 0; j < F; j++) {
          float sig = 1 / (1 + expf(-g[j])), silu = g[j] * sig;
          dot += d[j] * silu * u[j];
          dg[j] = d[j] * weight * u[j] * sig * (1 + g[j] * (1 - sig));
          du[j] = d[j] * weight * silu;
        }
        dweight[pair] = dot;
      }
      mulTN(2 * F, D, rows, dh, 2 * F, xs, D, 1, dgu + gateUp(e), D);
      mulNN(rows, D, 2 * F, dh, 2 * F, gu + gateUp(e), D, 0, dy, D);
      for (int i = 0; i < rows; i++) {
        float *o = dn + (long)(s->order[at + i] / K) * D;
        const float *y = dy + (long)i * D;
        for (int j = 0; j < D; j++) o[j] += y[j];
      }
    }
  }
}

/* Gradient of the router's logits in place of its probabilities. `balance`: the load-balancing loss (Fedus and others 2021). */
static void routeBack(Worker *w, Saved *s, const float *dweight, float balance) {
  int n = w->n;
  float push[E];
  double loss = 0;
  for (int e = 0; e < E; e++) {
    float share = (float)(s->start[e + 1] - s->start[e]) / (n * K), mean = 0;
    for (int t = 0; t < n; t++) mean += s->prob[(long)t * E + e];
    loss += (double)E * share * mean / n;
    push[e] = balance * E * share / n;
  }
  w->balance += loss / L;
  for (int t = 0; t < n; t++) {
    float *p = s->prob + (long)t * E, dp[E], dot = 0, total = 0, inner = 0;
    for (int k = 0; k < K; k++) total += p[s->choice[t * K + k]], inner += dweight[t * K + k] * s->weight[t * K + k];
    memcpy(dp, push, sizeof dp);
    for (int k = 0; k < K; k++) dp[s->choice[t * K + k]] += (dweight[t * K + k] - inner) / total;
    for (int e = 0; e < E; e++) dot += dp[e] * p[e];
    for (int e = 0; e < E; e++) p[e] *= dp[e] - dot;
  }
}

static void forward(Worker *w, const float *P) {
  int n = w->n;
  float *x = w->saved[0].x;
  for (int t = 0; t < n; t++) memcpy(x + (long)t * D, P + embed + (long)w->ids[t] * D, D * 4);
  for (int l = 0; l < L; l++) {
    Saved *s = &w->saved[l];
    const Layer *y = &layers[l];
    rms(n, s->x, P + y->attnNorm, s->n1, s->inverse1);
    mulNT(n, QKV, D, s->n1, D, P + y->q, D, 0, s->qkv, QKV);
    for (int t = 0; t < n; t++)
      for (int h = 0; h < H + KV; h++)
        s->headInverse[t * (H + KV) + h] = turn(s->qkv + (long)t * QKV + h * HD, P + (h < H ? y->qNorm : y->kNorm), w->position[t],
                                                s->turned + (long)t * VAT + h * HD);
    attend(w, s);
    memcpy(s->mid, s->x, (long)n * D * 4);
    mulNT(n, D, H * HD, s->o, H * HD, P + y->o, H * HD, 1, s->mid, D);
    rms(n, s->mid, P + y->ffnNorm, s->n2, s->inverse2);
    route(w, s, P + y->router, l);
    float *next = l + 1 < L ? w->saved[l + 1].x : w->last;
    memcpy(next, s->mid, (long)n * D * 4);
    experts(w, s, P + y->gate, P + y->down, next);
  }
  rms(n, w->last, P + lastNorm, w->normed, w->inverse);
}

/* Cross entropy of the output layer; leaves the gradient of `normed` in `dn`. Only the loss if `G` is NULL. */
static void headLoss(Worker *w, const float *P, float *G) {
  int n = w->n;
  w->weightSum = 0;
  for (int t = 0; t < n; t++) w->weightSum += w->lossWeight[t];
  for (int from = 0; from < n; from += 256) {
    int rows = n - from < 256 ? n - from : 256;
    mulNT(rows, V, D, w->normed + (long)from * D, D, P + head, D, 0, w->logits, V);
    for (int i = 0; i < rows; i++) {
      float *z = w->logits + (long)i * V, most = -1e30f, sum = 0, weight = w->lossWeight[from + i] / w->weightSum;
      for (int j = 0; j < V; j++) most = fmaxf(most, z[j]);
      float hit = z[w->targets[from + i]] - most;
      for (int j = 0; j < V; j++) sum += z[j] = expf(z[j] - most);
      w->loss += (double)weight * (logf(sum) - hit);
      float f = weight / sum;
      for (int j = 0; j < V; j++) z[j] *= f;
      z[w->targets[from + i]] -= weight;
    }
    if (!G) continue;
    mulNN(rows, D, V, w->logits, V, P + head, D, 0, w->dn + (long)from * D, D);
    mulTN(V, D, rows, w->logits, V, w->normed + (long)from * D, D, 1, G + head, D);
  }
}

static void backward(Worker *w, const float *P, float balance) {
  float *G = w->grads, *dweight = w->dweight;
  int n = w->n;
  memset(w->dx, 0, (long)n * D * 4);
  rmsBack(n, w->last, P + lastNorm, w->inverse, w->dn, w->dx, G + lastNorm);
  for (int l = L - 1; l >= 0; l--) {
    Saved *s = &w->saved[l];
    const Layer *y = &layers[l];
    memset(w->dn, 0, (long)n * D * 4);
    expertsBack(w, s, P + y->gate, P + y->down, w->dx, w->dn, G + y->gate, G + y->down, dweight);
    routeBack(w, s, dweight, balance / L);
    mulTN(E, D, n, s->prob, E, s->n2, D, 1, G + y->router, D);
    mulNN(n, D, E, s->prob, E, P + y->router, D, 1, w->dn, D);
    rmsBack(n, s->mid, P + y->ffnNorm, s->inverse2, w->dn, w->dx, G + y->ffnNorm);
    mulTN(D, H * HD, n, w->dx, D, s->o, H * HD, 1, G + y->o, H * HD);
    mulNN(n, H * HD, D, w->dx, D, P + y->o, H * HD, 0, w->dO, H * HD);
    attendBack(w, s);
    for (int t = 0; t < n; t++)
      for (int h = 0; h < H + KV; h++)
        turnBack(s->qkv + (long)t * QKV + h * HD, P + (h < H ? y->qNorm : y->kNorm), w->position[t], s->headInverse[t * (H + KV) + h],
                 w->dturned + (long)t * VAT + h * HD, w->dqkv + (long)t * QKV + h * HD, G + (h < H ? y->qNorm : y->kNorm));
    mulTN(QKV, D, n, w->dqkv, QKV, s->n1, D, 1, G + y->q, D);
    mulNN(n, D, QKV, w->dqkv, QKV, P + y->q, D, 0, w->dn, D);
    rmsBack(n, s->x, P + y->attnNorm, s->inverse1, w->dn, w->dx, G + y->attnNorm);
  }
  for (int t = 0; t < n; t++) {
    float *g = G + embed + (long)w->ids[t] * D;
    for (int i = 0; i < D; i++) g[i] += w->dx[(long)t * D + i];
  }
}

/* ---------------------------------------------------------------- documents */

enum { END = 0, TURN = 1, TURNED = 2 };
static const uint16_t *data;
static long dataLength, cursor, passes;

/* The next document as [begin, end), its end token not included. */
static long nextDocument(long *end) {
  if (cursor >= dataLength) cursor = 0, passes++;
  long begin = cursor;
  while (cursor < dataLength && data[cursor] != END) cursor++;
  *end = cursor++;
  return begin;
}

static int assistantToken; /* the one after <|im_start|> in an assistant's turn */

/* Appends a document. What others than the assistant say counts little: it cannot be foreseen. */
static void append(Worker *w, long begin, long end, int withStart, int position, float userWeight) {
  float weight = 1;
  for (long i = withStart ? begin - 1 : begin; i < end && position < CTX && w->n < w->room; i++) {
    int id = i < begin ? END : data[i], target = i + 1 < end ? data[i + 1] : END, at = w->n++;
    if (id == TURN) weight = target == assistantToken ? 1 : userWeight;
    if (id == TURNED) weight = 1;
    w->ids[at] = id, w->targets[at] = target, w->position[at] = position++, w->lossWeight[at] = weight;
  }
}

/* Fills a worker with whole documents. Some rows hold several, so that later positions are learned too. */
static void fillWorker(Worker *w, int tokens, float userWeight) {
  w->n = w->segments = 0;
  while (w->n + CTX <= w->room && w->n < tokens) {
    int position = 0, wanted = uniform(&w->rng) < 0.12f ? 2 + rnd64(&w->rng) % 3 : 1;
    w->segmentStart[w->segments++] = w->n;
    for (int i = 0; i < wanted; i++) {
      long end, begin = nextDocument(&end);
      int withStart = i > 0 || uniform(&w->rng) < 0.5f, before = w->n;
      if (position + (end - begin) + 1 > CTX && i > 0) break;
      append(w, begin, end, withStart, position, userWeight);
      position += w->n - before;
    }
  }
  w->segmentStart[w->segments] = w->n;
}

/* ---------------------------------------------------------------- updates */

static float *P, *M1, *M2;

static void orthogonal(int rows, int cols, float *X, float *A, float *B, float *Y) {
  double sum = 0;
  for (int i = 0; i < rows * cols; i++) sum += (double)X[i] * X[i];
  float f = 1 / (sqrtf(sum) + 1e-20f);
  for (int i = 0; i < rows * cols; i++) X[i] *= f;
  for (int step = 0; step < 5; step++) {
    mulNT(rows, rows, cols, X, cols, X, cols, 0, A, rows);
    mulNN(rows, rows, rows, A, rows, A, rows, 0, B, rows);
    for (int i = 0; i < rows * rows; i++) B[i] = -4.7750f * A[i] + 2.0315f * B[i];
    mulNN(rows, cols, rows, B, rows, X, cols, 0, Y, cols);
    for (int i = 0; i < rows * cols; i++) X[i] = 3.4445f * X[i] + Y[i];
  }
}

static void muon(float *p, const float *g, float *m, int rows, int cols, float rate, float decay) {
  static _Thread_local float *X, *A, *B, *Y;
  if (!X) X = floats(D * D), A = floats(D * D), B = floats(D * D), Y = floats(D * D);
  int flip = rows > cols, r = flip ? cols : rows, c = flip ? rows : cols;
  double any = 0;
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < cols; j++) {
      int at = i * cols + j;
      m[at] = 0.95f * m[at] + 0.05f * g[at];
      float u = 0.05f * g[at] + 0.95f * m[at];
      X[flip ? j * rows + i : at] = u;
      any += fabsf(u);
    }
  if (any == 0) return;
  orthogonal(r, c, X, A, B, Y);
  float scale = rate * (flip ? sqrtf((float)rows / cols) : 1);
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < cols; j++) {
      int at = i * cols + j;
      p[at] -= scale * X[flip ? j * rows + i : at] + rate * decay * p[at];
    }
}

static void adam(float *p, const float *g, float *m, float *v, long n, float rate, float decay, int step) {
  float c1 = 1 / (1 - powf(0.9f, step)), c2 = 1 / (1 - powf(0.95f, step));
  for (long i = 0; i < n; i++) {
    m[i] = 0.9f * m[i] + 0.1f * g[i];
    v[i] = 0.95f * v[i] + 0.05f * g[i] * g[i];
    p[i] -= rate * (m[i] * c1 / (sqrtf(v[i] * c2) + 1e-10f) + decay * p[i]);
  }
}

static void update(const float *g, float adamRate, float muonRate, float decay, int step) {
  for (int i = 0; i < tensorCount; i++) {
    const Tensor *t = &tensors[i];
    long size = (long)t->rows * t->cols;
    if (t->method == MUON) {
#pragma omp parallel for schedule(dynamic)
      for (int c = 0; c < t->count; c++) {
        long at = t->offset + c * size;
        muon(P + at, g + at, M1 + at, t->rows, t->cols, muonRate * t->rate, decay);
      }
    } else {
      long all = size * t->count, part = (all + 7) / 8;
#pragma omp parallel for
      for (int c = 0; c < 8; c++) {
        long from = c * part, n = from + part > all ? all - from : part;
        if (n > 0) adam(P + t->offset + from, g + t->offset + from, M1 + t->offset + from, M2 + t->offset + from, n, adamRate * t->rate, t->rows > 1 ? decay : 0, step);
      }
    }
  }
}

/* ---------------------------------------------------------------- the run */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static void *readAll(const char *path, long *size) {
  FILE *f = fopen(path, "rb");
  if (!f) { perror(path); exit(1); }
  fseek(f, 0, SEEK_END);
  *size = ftell(f);
  rewind(f);
  void *p = malloc(*size);
  if (fread(p, 1, *size, f) != (size_t)*size) { fprintf(stderr, "%s: short read\n", path); exit(1); }
  fclose(f);
  return p;
}

typedef struct { long step, tokens, cursor, passes; double seconds; } Progress;

/* weights.bin: floats in the order of tensors.txt; state.bin: moments and progress, for --resume. */
static void save(const char *folder, const Progress *progress) {
  char path[600], done[512];
  for (int part = 0; part < 2; part++) {
    snprintf(done, sizeof done, "%s/%s", folder, part ? "state.bin" : "weights.bin");
    snprintf(path, sizeof path, "%s.new", done);
    FILE *f = fopen(path, "wb");
    if (!f) { perror(path); exit(1); }
    if (part) fwrite(progress, sizeof *progress, 1, f), fwrite(M1, 4, parameterCount, f), fwrite(M2, 4, parameterCount, f);
    else fwrite(P, 4, parameterCount, f);
    fclose(f);
    rename(path, done);
  }
  snprintf(path, sizeof path, "%s/tensors.txt", folder);
  FILE *f = fopen(path, "w");
  for (int i = 0; i < tensorCount; i++)
    fprintf(f, "%s %ld %d %d %d\n", tensors[i].name, tensors[i].offset, tensors[i].count, tensors[i].rows, tensors[i].cols);
  fclose(f);
}

static const char *const options[] = {"--data", "--out", "--resume", "--gradients", "--minutes", "--decay-part", "--threads", "--tokens",
                                      "--steps", "--adam", "--muon", "--decay", "--balance", "--user", "--assistant", NULL};

static const char *option(int argc, char **argv, const char *name, const char *otherwise) {
  for (int i = 1; i + 1 < argc; i += 2) if (!strcmp(argv[i], name)) return argv[i + 1];
  return otherwise;
}

/* Every option has a value, and a name that there is. */
static void checkOptions(int argc, char **argv) {
  for (int i = 1; i < argc; i += 2) {
    int known = 0;
    for (int j = 0; options[j]; j++) known |= !strcmp(argv[i], options[j]);
    if (known && i + 1 < argc) continue;
    fprintf(stderr, "train: %s %s\n", argv[i], known ? "has no value" : "is no option");
    exit(2);
  }
}

/* Whole documents of tokens that the network knows. */
static void checkData(const char *path) {
  long ends = 0;
  for (long i = 0; i < dataLength; i++) {
    ends += data[i] == END;
    if (data[i] < V) continue;
    fprintf(stderr, "%s: token %d at %ld; the network knows %d\n", path, data[i], i, V);
    exit(1);
  }
  if (ends == 0 || ends == dataLength) {
    fprintf(stderr, "%s: no documents; prepare.py writes them\n", path);
    exit(1);
  }
}

int main(int argc, char **argv) {
  checkOptions(argc, argv);
#define NUMBER(name, otherwise) atof(option(argc, argv, name, otherwise))
  const char *dataPath = option(argc, argv, "--data", "train.bin"), *out = option(argc, argv, "--out", "run");
  const char *resume = option(argc, argv, "--resume", NULL), *gradPath = option(argc, argv, "--gradients", NULL);
  double budget = NUMBER("--minutes", "60") * 60, decayPart = NUMBER("--decay-part", "0.35");
  int threads = NUMBER("--threads", "2"), tokens = NUMBER("--tokens", "8192"), most = NUMBER("--steps", "0");
  float adamRate = NUMBER("--adam", "0.003"), muonRate = NUMBER("--muon", "0.02"), decay = NUMBER("--decay", "0.01");
  float balance = NUMBER("--balance", "0.01"), userWeight = NUMBER("--user", "0.25");
  assistantToken = NUMBER("--assistant", "-1");
  openblas_set_num_threads(1);
  omp_set_num_threads(threads);
  for (int i = 0; i < CTX; i++)
    for (int j = 0; j < HD / 2; j++) {
      double angle = i * pow(ropeBase, -(double)j / (HD / 2));
      cosines[i][j] = cos(angle), sines[i][j] = sin(angle);
    }
  describe();
  long size;
  data = readAll(dataPath, &size);
  dataLength = size / 2;
  checkData(dataPath);
  if (access(out, W_OK)) { perror(out); return 1; }
  P = floats(parameterCount), M1 = floats(parameterCount), M2 = floats(parameterCount);
  for (int i = 0; i < tensorCount; i++)
    for (long j = 0; j < (long)tensors[i].count * tensors[i].rows * tensors[i].cols; j++)
      P[tensors[i].offset + j] = tensors[i].init < 0 ? -tensors[i].init : tensors[i].init * normal(&rngState);
  Progress progress = {0};
  if (resume) {
    char path[512];
    snprintf(path, sizeof path, "%s/weights.bin", resume);
    const float *weights = readAll(path, &size);
    if (size != parameterCount * 4) { fprintf(stderr, "%s: the weights of another shape\n", path); return 1; }
    memcpy(P, weights, parameterCount * 4);
    snprintf(path, sizeof path, "%s/state.bin", resume);
    char *state = readAll(path, &size);
    memcpy(&progress, state, sizeof progress);
    memcpy(M1, state + sizeof progress, parameterCount * 4);
    memcpy(M2, state + sizeof progress + parameterCount * 4, parameterCount * 4);
    cursor = progress.cursor, passes = progress.passes;
  }
  Worker *workers = calloc(threads, sizeof *workers);
  for (int i = 0; i < threads; i++) workerInit(&workers[i], tokens / threads + CTX, 977 + 31 * i + progress.step);
  printf("%ld parameters, %ld tokens of text, %d threads\n", parameterCount, dataLength, threads);
  double start = now(), said = 0, savedAt = start, smooth = 0, smoothBalance = 0;
  long first = progress.step, firstTokens = progress.tokens;
  double before = progress.seconds;
  for (;;) {
    double part = (now() - start) / budget;
    if (most) part = (double)(progress.step - first) / most;
    if (part >= 1) break;
    for (int i = 0; i < threads; i++) fillWorker(&workers[i], tokens / threads, userWeight);
#pragma omp parallel num_threads(threads)
    {
      Worker *w = &workers[omp_get_thread_num()];
      memset(w->grads, 0, parameterCount * 4);
      w->loss = w->balance = 0;
      forward(w, P);
      headLoss(w, P, w->grads);
      backward(w, P, balance);
#pragma omp barrier
      float f = 1.0f / threads;
#pragma omp for schedule(static)
      for (long i = 0; i < parameterCount; i++) {
        float sum = 0;
        for (int j = 0; j < threads; j++) sum += workers[j].grads[i];
        workers[0].grads[i] = sum * f;
      }
    }
    double loss = 0, bal = 0;
    for (int i = 0; i < threads; i++) loss += workers[i].loss / threads, bal += workers[i].balance / threads, progress.tokens += workers[i].n;
    progress.step++;
    if (gradPath) {
      FILE *f = fopen(gradPath, "wb");
      fwrite(workers[0].grads, 4, parameterCount, f);
      fclose(f);
      save(out, &progress);
      printf("loss %.6f balance %.6f tokens %ld\n", loss, bal, progress.tokens);
      f = fopen("batch.txt", "w");
      for (int i = 0; i < threads; i++)
        for (int t = 0, g = 0; t < workers[i].n; t++) {
          if (t == workers[i].segmentStart[g]) fprintf(f, "segment\n"), g++;
          fprintf(f, "%d %d %g\n", workers[i].ids[t], workers[i].targets[t], workers[i].lossWeight[t]);
        }
      fclose(f);
      return 0;
    }
    long since = progress.step - first;
    double fall = part > 1 - decayPart ? (1 - part) / decayPart : 1, warm = since < 100 ? (since + 1) / 100.0 : 1;
    double rate = fall * warm;
    update(workers[0].grads, adamRate * rate, muonRate * rate, decay, progress.step);
    if (!(loss < 100)) { fprintf(stderr, "the loss is %f in step %ld\n", loss, progress.step); return 1; }
    double keep = since < 50 ? 1 - 1.0 / since : 0.98;
    smooth = keep * smooth + (1 - keep) * loss, smoothBalance = keep * smoothBalance + (1 - keep) * bal;
    progress.seconds = before + now() - start, progress.cursor = cursor, progress.passes = passes;
    if (now() - said > 15 || since <= 3) {
      long least = 1L << 60, all = 0;
      for (int e = 0; e < E; e++) {
        long u = 0;
        for (int i = 0; i < threads; i++) u += workers[i].usage[L - 1][e];
        all += u;
        if (u < least) least = u;
      }
      printf("step %ld tokens %.2fM loss %.4f (%.4f) balance %.3f least %.4f rate %.2f %.0f tok/s %.1f min\n", progress.step, progress.tokens / 1e6,
             smooth, loss, smoothBalance, (double)least / all, rate, (progress.tokens - firstTokens) / (now() - start), (now() - start) / 60);
      fflush(stdout);
      for (int i = 0; i < threads; i++) memset(workers[i].usage, 0, sizeof workers[i].usage);
      said = now();
    }
    if (now() - savedAt > 120) save(out, &progress), savedAt = now();
  }
  save(out, &progress);
  printf("done: step %ld, %.2f M tokens, %.1f minutes, %ld passes\n", progress.step, progress.tokens / 1e6, progress.seconds / 60, passes);
}
