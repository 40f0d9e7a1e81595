import type { Observer } from '#evm'
import { member, ParamError, param, parseBoolean, parseObject } from '../params.ts'
import { titled } from '../schema.ts'
import { callTracer } from './call-tracer.ts'
import { type FlatPlace, flatTracer } from './flat-tracer.ts'
import { fourByteTracer } from './four-byte-tracer.ts'
import { prestateTracer } from './prestate-tracer.ts'
import { structTracer } from './struct-tracer.ts'
import type { Tracer } from './tracer.ts'

export type { FlatPlace } from './flat-tracer.ts'
export { type Tracer, TraceTooLarge } from './tracer.ts'

/** Makes one tracer for each traced execution. */
export type TracerFactory = (place: FlatPlace | undefined) => Tracer

type Options = Readonly<Record<string, unknown>>

function flag(options: Options, name: string): boolean {
  return member(options, name, parseBoolean) ?? false
}

/** The tracers by name. There are none in JavaScript: a client's code does not run in a node. */
const TRACERS: Readonly<Record<string, (options: Options) => TracerFactory>> = {
  callTracer: options => {
    const chosen = { onlyTopCall: flag(options, 'onlyTopCall'), withLog: flag(options, 'withLog') }
    return () => callTracer(chosen)
  },
  flatCallTracer: options => {
    const chosen = {
      convertParityErrors: flag(options, 'convertParityErrors'),
      includePrecompiles: flag(options, 'includePrecompiles'),
    }
    return place => flatTracer(place, chosen)
  },
  prestateTracer: options => {
    const chosen = {
      diffMode: flag(options, 'diffMode'),
      disableCode: flag(options, 'disableCode'),
      disableStorage: flag(options, 'disableStorage'),
      includeEmpty: flag(options, 'includeEmpty'),
    }
    return () => prestateTracer(chosen)
  },
  '4byteTracer': () => () => fourByteTracer(),
  noopTracer: () => () => ({ observer: {}, result: () => ({}) }),
  muxTracer: options => {
    const parts = Object.entries(options).map(([name, inner]) => [name, factoryOf(name, inner ?? {})] as const)
    return place => {
      const tracers = parts.map(([name, make]) => [name, make(place)] as const)
      return {
        observer: joinTracers(tracers.map(([, tracer]) => tracer)),
        result: () => Object.fromEntries(tracers.map(([name, tracer]) => [name, tracer.result()])),
      }
    }
  },
}

function factoryOf(name: string, options: unknown): TracerFactory {
  const make = Object.hasOwn(TRACERS, name) ? TRACERS[name] : undefined
  if (make === undefined) throw new ParamError(`tracer not found: ${name.slice(0, 40)}`)
  return make(parseObject(options, 'tracerConfig'))
}

/** One observer for several tracers. */
export function joinTracers(tracers: readonly Tracer[]): Observer {
  const observers = tracers.map(tracer => tracer.observer)
  const steps = observers.filter(observer => observer.step !== undefined)
  return {
    async start(subject, state) {
      for (const observer of observers) await observer.start?.(subject, state)
    },
    ...(steps.length === 0
      ? {}
      : {
          async step(step, state) {
            for (const observer of steps) await observer.step?.(step, state)
          },
        }),
    async enter(frame, state) {
      for (const observer of observers) await observer.enter?.(frame, state)
    },
    exit(end) {
      for (const observer of observers) observer.exit?.(end)
    },
    async end(result, state) {
      for (const observer of observers) await observer.end?.(result, state)
    },
  }
}

function parseTraceOptions(value: unknown): TracerFactory {
  const options = value === undefined || value === null ? {} : parseObject(value, 'tracers.TraceConfig')
  const { tracer } = options
  if (tracer !== undefined && tracer !== null && tracer !== '') {
    if (typeof tracer !== 'string') throw new ParamError('json: cannot unmarshal tracer into Go value of type string')
    return factoryOf(tracer, options.tracerConfig ?? {})
  }
  const limit = typeof options.limit === 'number' && Number.isSafeInteger(options.limit) ? options.limit : 0
  const chosen = {
    enableMemory: flag(options, 'enableMemory'),
    disableStack: flag(options, 'disableStack'),
    disableStorage: flag(options, 'disableStorage'),
    enableReturnData: flag(options, 'enableReturnData'),
    limit: Math.max(0, limit),
  }
  return () => structTracer(chosen)
}

/** The options of debug_trace*; absent means the opcode logger. */
export const traceOptions = {
  ...param('options', titled('trace options'), parseTraceOptions),
  optional: true,
}
