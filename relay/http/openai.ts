/** The OpenAI chat shapes: what a request asks a model of this network, and what is answered. Pure. */
import { utf8 } from '#lib/bytes'
import type { Answer } from '../ledger/entries.ts'
import type { Task } from '../ledger/state.ts'
import { LIMITS } from '../limits.ts'
import { usdText } from '../money.ts'
import { invalid, object, optionalFlag, text } from './fields.ts'

export interface ChatRequest {
  readonly model: string
  readonly mode: unknown
  readonly isStream: boolean
  /** A last chunk tells the usage (`stream_options.include_usage`). */
  readonly includeUsage: boolean
  /** The last user message, UTF-8. */
  readonly input: Uint8Array
}

/** Fields that change what an answer is, and that no program here has: refused rather than ignored. */
const REFUSED = ['tools', 'functions', 'tool_choice', 'function_call', 'audio', 'prediction', 'web_search_options']

/** Reads a request; RelayError VALIDATION_ERROR. Sampling parameters are accepted and change nothing: programs are exact. */
export function readChatRequest(body: unknown): ChatRequest {
  const fields = object(body, 'the body')
  for (const name of REFUSED) {
    const value = fields[name]
    const isEmpty =
      value === undefined || value === null || value === 'none' || (Array.isArray(value) && value.length === 0)
    if (!isEmpty) invalid(`${name} is not offered by the models of this network`)
  }
  if ((fields.n ?? 1) !== 1) invalid('n must be 1')
  const format = fields.response_format === undefined ? 'text' : object(fields.response_format, 'response_format').type
  if (format !== 'text') invalid('response_format must be text')
  const options = fields.stream_options ?? {}
  return {
    model: text(fields, 'model', 128),
    mode: fields.mode,
    isStream: optionalFlag(fields, 'stream'),
    includeUsage: optionalFlag(object(options, 'stream_options'), 'include_usage'),
    input: utf8(lastUserMessage(fields.messages)),
  }
}

function lastUserMessage(messages: unknown): string {
  if (!Array.isArray(messages) || messages.length === 0 || messages.length > LIMITS.messagesMax) {
    invalid(`messages must be an array of 1 to ${LIMITS.messagesMax}`)
  }
  const list = (messages as unknown[]).map((message, i) => object(message, `messages[${i}]`))
  const last = list.findLast(message => message.role === 'user')
  if (last === undefined) invalid('messages must have one of the user')
  return contentOf((last as { readonly content?: unknown }).content)
}

function contentOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) invalid('content must be text or an array of text parts')
  return (content as unknown[])
    .map((value, i) => {
      const part = object(value, `content[${i}]`)
      if (part.type !== 'text' || typeof part.text !== 'string') invalid('content may have text parts only')
      return part.text as string
    })
    .join('')
}

/**
 * These programs read and write bytes, so that a token is a byte. Cost and on-chain task of the request are beside the
 * counts.
 */
export function usageOf(task: Task, answer: Answer) {
  return {
    prompt_tokens: task.inputBytes,
    completion_tokens: answer.outputBytes,
    total_tokens: task.inputBytes + answer.outputBytes,
    cost_usd: usdText(task.microUsd),
    task_id: task.id,
    task_address: task.address,
  }
}

function head(task: Task, object: string) {
  const uuid = task.id.split(':')[1] ?? task.id
  return { id: `chatcmpl-${uuid}`, object, created: Math.floor(task.createdMs / 1_000), model: task.model }
}

export function completionOf(task: Task, answer: Answer) {
  return {
    ...head(task, 'chat.completion'),
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: answer.text, refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: usageOf(task, answer),
    details: answer.details,
  }
}

function chunk(task: Task, delta: Readonly<Record<string, unknown>>, finishReason: string | null) {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }]
  return { ...head(task, 'chat.completion.chunk'), choices }
}

/** Sent when the task is on chain: who answers. */
export function firstChunkOf(task: Task) {
  return chunk(task, { role: 'assistant', content: '' }, null)
}

/** The answer comes as a whole, because it is one result that the network agreed on. */
export function lastChunksOf(task: Task, answer: Answer, includeUsage: boolean) {
  const chunks: object[] = [chunk(task, { content: answer.text }, null), chunk(task, {}, 'stop')]
  if (includeUsage) {
    chunks.push({ ...head(task, 'chat.completion.chunk'), choices: [], usage: usageOf(task, answer) })
  }
  return chunks
}
