import { pino } from 'pino'
import type { Log } from '#lib/env'

/** One JSON line per event on standard output; `level` is a pino level name. */
export function createJsonLog(name: string, level = 'info'): Log {
  const wrap = (logger: pino.Logger): Log => ({
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
    child: module => wrap(logger.child({ module })),
  })
  return wrap(pino({ name, level, serializers: {} }))
}
