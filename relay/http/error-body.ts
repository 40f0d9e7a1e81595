import { errorType, type RelayError } from '../errors.ts'

/** Whose fault it is: the relay's own rules, or the network behind it. */
function sourceOf({ status, code }: RelayError): string {
  return status === 502 || status === 504 || code === 'PAYMENT_SERVICE_UNAVAILABLE' ? 'network' : 'relay'
}

/** The published error shape, which OpenAI clients read as theirs. */
export function errorBody(error: RelayError, requestId: string) {
  const { code, message, status, data } = error
  return {
    detail: message,
    error: {
      code,
      type: errorType(status),
      source: sourceOf(error),
      message,
      param: null,
      request_id: requestId,
      ...(Object.keys(data).length === 0 ? {} : { detail: data }),
    },
  }
}
