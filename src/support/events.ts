/**
 * What the engine tells whoever listens: profilers, recorders, progress displays, tests. The
 * library itself never logs. A message is only built when its channel has a subscriber.
 */
import { channel } from "node:diagnostics_channel";

/** A router's decision for one batch. Arrays are `[tokens, k]`, row by row, in mixing order. */
export interface RoutingEvent {
  /** The model it belongs to: compare by identity. */
  readonly model: object;
  readonly layer: number;
  readonly tokens: number;
  readonly k: number;
  readonly experts: Int32Array;
  readonly weights: Float32Array;
  /** The forward pass it belongs to. */
  readonly pass: {
    /** Numbers the model's sequences from 0. */
    readonly sequence: number;
    /** Of the first token, in its sequence. */
    readonly position: number;
    readonly phase: "prefill" | "decode";
  };
  /** What the router said: `[tokens, experts of the layer]`. A view of working memory: copy it. */
  readonly logits: Float32Array;
  /** What the next layer's router says about this layer's hidden state, where it was asked. */
  readonly lookahead: Float32Array | undefined;
}

/** One decision of an expert cache. Experts are numbered layer by layer, over all layers. */
export interface CacheEvent {
  readonly model: object;
  readonly tier: "ram" | "gpu";
  /** The GPU's label. */
  readonly device?: string;
  /** Counts forward passes from 0. */
  readonly pass: number;
  /** Counts layers with experts from 0. */
  readonly layer: number;
  readonly kind: "hit" | "admit" | "bypass" | "prefetch" | "pin";
  readonly expert: number;
  readonly victim: number | undefined;
}

/** The residual stream after one layer: f32 `[tokens, width]`. */
export interface LayerEvent {
  readonly model: object;
  readonly layer: number;
  readonly tokens: number;
  readonly width: number;
  readonly hidden: Float32Array;
}

/** Activations as a weight matrix is about to read them; rounded or in blocks in `fast` arithmetic. */
export interface ActivationEvent {
  readonly model: object;
  /** The first matrix that asked for them; others with the same encoding share them. */
  readonly matrix: string;
  readonly encoding: string;
  readonly tokens: number;
  readonly width: number;
  /** f32 `[tokens, width]`, before rounding. A view of working memory: copy what you keep. */
  readonly values: Float32Array;
  /** What they became. A view as well. */
  readonly encoded: Uint8Array;
}

/** Weights on their way from the file into memory. */
export interface LoadEvent {
  readonly file: string;
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

/** What became of a GPU. */
export interface GpuEvent {
  /** The device's label: its adapter's name, with a number where one adapter has several devices. */
  readonly device: string;
  readonly kind: "opened" | "closed" | "lost" | "out-of-memory" | "error" | "given-up";
  /** In words, without the device's label. */
  readonly message: string;
}

interface Events {
  "sluice:routing": RoutingEvent;
  "sluice:layer": LayerEvent;
  "sluice:activation": ActivationEvent;
  "sluice:load": LoadEvent;
  "sluice:cache": CacheEvent;
  "sluice:gpu": GpuEvent;
}

/** Publishes on `name` if anybody listens; `message` is only called then. */
export function publish<Name extends keyof Events>(name: Name, message: () => Events[Name]): void {
  const target = channel(name);
  if (target.hasSubscribers) target.publish(message());
}

/** Whether anybody listens: for messages whose making costs more than a function. */
export function isHeard(name: keyof Events): boolean {
  return channel(name).hasSubscribers;
}

/** Listens on `name` until the returned function is called. */
export function subscribe<Name extends keyof Events>(
  name: Name,
  listener: (event: Events[Name]) => void,
): () => void {
  const target = channel(name);
  const onMessage = (message: unknown) => listener(message as Events[Name]);
  target.subscribe(onMessage);
  return () => {
    target.unsubscribe(onMessage);
  };
}
