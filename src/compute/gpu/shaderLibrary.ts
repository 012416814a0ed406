/**
 * The compute pipelines of one device. Dawn compiles equal shaders anew each time (0.1 s and more on
 * a slow adapter), so every variant is kept; what a model needs is compiled ahead, all at once.
 */
import { GpuFailureError } from "./gpuErrors.ts";
import { type JoinedShader, joinShader, type ShaderChoices } from "./shaderText.ts";

/** What turns a file in `gpu/` into one pipeline. */
export interface ShaderVariant {
  /** Words of its imports. */
  readonly choices?: ShaderChoices;
  /** Values of its `override` declarations, by name. */
  readonly constants?: Readonly<Record<string, number>>;
}

/** A pipeline by the name of its file and its variant. */
export interface WantedPipeline {
  readonly name: string;
  readonly variant?: ShaderVariant;
}

/**
 * The whole text of `gpu/<name>.wgsl`.
 *
 * @throws RangeError for a file that does not exist and a choice that is missing or too many
 */
export function shaderText(name: string, choices: ShaderChoices = {}): string {
  return joinShader(name, choices).text;
}

/** The variant of a shader that has only one: one object, so that its key is built once. */
const onlyVariant: ShaderVariant = {};

interface CompiledModule {
  readonly module: GPUShaderModule;
  /** Rejects where the text has errors. */
  readonly checked: Promise<void>;
}

export class ShaderLibrary {
  readonly #device: GPUDevice;
  readonly #pipelines = new Map<string, GPUComputePipeline>();
  readonly #keys = new WeakMap<ShaderVariant, Map<string, string>>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /**
   * The pipeline of `gpu/<name>.wgsl`, the same object for the same variant. One that was not
   * prepared is compiled now; errors in it are then the device's, reported as of any bad command.
   *
   * @throws RangeError for a file that does not exist and a choice that is missing or too many
   */
  pipeline(name: string, variant: ShaderVariant = onlyVariant): GPUComputePipeline {
    const key = this.#keyOf(name, variant);
    const known = this.#pipelines.get(key);
    if (known !== undefined) return known;
    const module = this.#device.createShaderModule({
      code: shaderText(name, variant.choices),
      label: name,
    });
    const pipeline = this.#device.createComputePipeline(descriptor(module, key, variant));
    this.#pipelines.set(key, pipeline);
    return pipeline;
  }

  /**
   * Compiles pipelines, all at the same time; those there are already and repetitions cost nothing.
   *
   * @throws GpuFailureError `gpu-error` for WGSL that does not compile, with file, line and column,
   *   and for a pipeline that the device refuses
   * @throws RangeError for a file that does not exist and a choice that is missing or too many
   */
  async prepare(wanted: readonly WantedPipeline[]): Promise<void> {
    const missing = new Map<string, Promise<GPUComputePipeline>>();
    const modules = new Map<string, CompiledModule>();
    for (const { name, variant = onlyVariant } of wanted) {
      const key = this.#keyOf(name, variant);
      if (this.#pipelines.has(key) || missing.has(key)) continue;
      const source = joinShader(name, variant.choices);
      const compiled = modules.get(source.text) ?? this.#compile(name, source);
      modules.set(source.text, compiled);
      missing.set(key, this.#link(compiled, key, variant));
    }
    // All must have ended before one is reported: none may fail unheard.
    const results = await Promise.allSettled(missing.values());
    for (const [index, key] of [...missing.keys()].entries()) {
      const result = results[index]!;
      if (result.status === "rejected") throw result.reason;
      this.#pipelines.set(key, result.value);
    }
  }

  #compile(name: string, source: JoinedShader): CompiledModule {
    // Without a scope, an error in the text would also count as an error of the device.
    this.#device.pushErrorScope("validation");
    const module = this.#device.createShaderModule({ code: source.text, label: name });
    const scope = this.#device.popErrorScope();
    return { module, checked: this.#check(module, scope, source) };
  }

  async #check(
    module: GPUShaderModule,
    scope: Promise<GPUError | null>,
    source: JoinedShader,
  ): Promise<void> {
    const [{ messages }, refusal] = await Promise.all([module.getCompilationInfo(), scope]);
    const errors = messages.filter(({ type }) => type === "error");
    if (errors.length > 0) throw this.#failure(errors.map((e) => placed(e, source)).join("\n"));
    if (refusal !== null) throw this.#failure(refusal.message);
  }

  async #link(
    { module, checked }: CompiledModule,
    key: string,
    variant: ShaderVariant,
  ): Promise<GPUComputePipeline> {
    await checked;
    try {
      return await this.#device.createComputePipelineAsync(descriptor(module, key, variant));
    } catch (cause) {
      throw this.#failure(`${key}: ${(cause as Error).message}`, cause);
    }
  }

  #failure(what: string, cause?: unknown): GpuFailureError {
    const label = this.#device.adapterInfo.device || "GPU";
    return new GpuFailureError("gpu-error", label, what, { cause });
  }

  /** Built once per variant object: pipelines are looked up at every dispatch. */
  #keyOf(name: string, variant: ShaderVariant): string {
    let keys = this.#keys.get(variant);
    if (keys === undefined) {
      keys = new Map();
      this.#keys.set(variant, keys);
    }
    let key = keys.get(name);
    if (key === undefined) {
      key = keyOf(name, variant);
      keys.set(name, key);
    }
    return key;
  }
}

/** Such as `gpu/matvec.wgsl(format=Q4_K, TOKENS=4)`. */
function keyOf(name: string, { choices = {}, constants = {} }: ShaderVariant): string {
  const words = [...Object.entries(choices).sort(), ...Object.entries(constants).sort()];
  return `gpu/${name}.wgsl(${words.map(([word, value]) => `${word}=${value}`).join(", ")})`;
}

function descriptor(
  module: GPUShaderModule,
  label: string,
  { constants = {} }: ShaderVariant,
): GPUComputePipelineDescriptor {
  return { label, layout: "auto", compute: { module, constants: { ...constants } } };
}

/** A message of the compiler, at the line of the file that it is about. */
function placed(error: GPUCompilationMessage, { origins }: JoinedShader): string {
  const origin = origins[error.lineNum - 1];
  if (origin === undefined) return error.message;
  return `gpu/${origin.file}:${origin.line}:${error.linePos}: ${error.message}`;
}
