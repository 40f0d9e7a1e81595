import { type Method, method } from './method.ts'
import { OBJECT, titled } from './schema.ts'

/** OpenRPC 1.3 description of the methods. */
export function openRpcDocument(methods: readonly Method[], version: string): Readonly<Record<string, unknown>> {
  return {
    openrpc: '1.3.2',
    info: { title: 'OpenGPU Chain JSON-RPC', version },
    methods: methods.map(({ name, summary, params, result }) => ({
      name,
      summary,
      paramStructure: 'by-position',
      params: params.map(item => ({ name: item.name, required: !item.optional, schema: item.schema })),
      result: { name: 'result', schema: result },
    })),
  }
}

export function discoverMethod(methods: readonly Method[]): Method {
  return method({
    name: 'rpc.discover',
    summary: 'This document: every method with its parameters (OpenRPC).',
    params: [],
    result: titled('OpenRPC document', OBJECT),
    handle: ({ backend }) => openRpcDocument(methods, backend.clientVersion),
  })
}
