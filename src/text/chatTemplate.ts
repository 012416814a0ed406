/**
 * A conversation as the one text that a model was trained to continue. The model's file brings a
 * Jinja template for it (`tokenizer.chat_template`), which is rendered within limits.
 *
 * Source: https://huggingface.co/docs/transformers/main/en/chat_templating.
 */
import type { Metadata } from "../gguf/metadata.ts";
import { SluiceError } from "../support/errors.ts";
import { BoundedTemplate } from "./boundedTemplate.ts";
import type { Tokenizer } from "./tokenizer.ts";

export interface ChatMessage {
  /** Usually "system", "user" or "assistant"; the template decides. */
  readonly role: string;
  readonly content: string;
}

export interface RenderOptions {
  /** Ends the text where the model's answer begins. @default true */
  readonly addGenerationPrompt?: boolean;
  /** More variables of the model's template, such as `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

export interface ChatTemplate {
  /**
   * Where the form comes from: the model's file, or else ChatML if the vocabulary knows its tokens,
   * or else plain "User:" and "Assistant:" lines, which suit no model well but any model somewhat.
   */
  readonly source: "model" | "chatml" | "plain";
  /**
   * Renders the conversation. Encode the result with the defaults of `Tokenizer.encode`: control
   * tokens are meant to be parsed. So are those that a message's content spells out.
   *
   * @throws SluiceError "unsupported-template" when the template rejects the messages, fails, or does not end
   *   within the limits of boundedTemplate.ts
   */
  render(messages: readonly ChatMessage[], options?: RenderOptions): string;
}

const chatMl = `{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\\n' }}
{%- endif %}`;

const plain = `{%- for message in messages %}
{{- message.role | capitalize + ': ' + message.content + '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- 'Assistant:' }}
{%- endif %}`;

/**
 * Reads the chat template of a model.
 *
 * @throws SluiceError "unsupported-template" when it does not parse
 */
export function createChatTemplate(metadata: Metadata, tokenizer: Tokenizer): ChatTemplate {
  const { file } = metadata;
  const fallback = tokenizer.tokenOf("<|im_start|>") === undefined ? "plain" : "chatml";
  const own = metadata.string("tokenizer.chat_template", "");
  const source = own === "" ? fallback : "model";
  const text = { model: own, chatml: chatMl, plain }[source];
  const template = orUnsupported(`${file} has a chat template that does not parse`, () => {
    return new BoundedTemplate(text);
  });

  const pieceOf = (token: number | undefined) =>
    token === undefined ? "" : tokenizer.piece(token);
  const tokenVariables = {
    bos_token: pieceOf(tokenizer.beginOfText),
    eos_token: pieceOf(tokenizer.endOfText),
  };

  return {
    source,
    render(messages, { addGenerationPrompt = true, variables = {} } = {}) {
      // Templates may change what they are given.
      const copies = structuredClone(messages);
      return orUnsupported(`${file}: the chat template fails`, () =>
        template.render({
          ...tokenVariables,
          ...variables,
          messages: copies,
          add_generation_prompt: addGenerationPrompt,
        }),
      );
    },
  };
}

function orUnsupported<T>(what: string, attempt: () => T): T {
  try {
    return attempt();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SluiceError("unsupported-template", `${what}: ${reason}`, { cause });
  }
}
