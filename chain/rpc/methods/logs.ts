import { logToJson } from '../format.ts'
import { queryLogs } from '../log-query.ts'
import { heavyMethod, method } from '../method.ts'
import { optional, param, parseBoolean, text } from '../params.ts'
import { logCriteria } from '../params-call.ts'
import { ANY, BOOLEAN, FILTER_ID, listOf, titled } from '../schema.ts'

const LOGS = listOf(titled('log'))
/** Some clients pass `true` for whole transactions; filters give hashes only. */
const ignoredFlag = optional(param('full', BOOLEAN, parseBoolean))

/** Logs, and filters that are polled. */
export const logMethods = [
  heavyMethod({
    name: 'eth_getLogs',
    summary: 'Logs of a range of blocks or of one block.',
    params: [logCriteria],
    result: LOGS,
    weight: 10,
    work: 'trace',
    handle: async ({ backend, limits }, [criteria]) => (await queryLogs(backend, limits, criteria)).map(logToJson),
  }),
  method({
    name: 'eth_newFilter',
    summary: 'Filter on new logs; it ends when nobody polls it for five minutes.',
    params: [logCriteria],
    result: FILTER_ID,
    handle: ({ filters }, [criteria]) => filters.addLogs(criteria),
  }),
  method({
    name: 'eth_newBlockFilter',
    summary: 'Filter on new blocks.',
    params: [],
    result: FILTER_ID,
    handle: ({ filters }) => filters.addBlocks(),
  }),
  method({
    name: 'eth_newPendingTransactionFilter',
    summary: 'Filter on transactions that enter the pool.',
    params: [ignoredFlag],
    result: FILTER_ID,
    handle: ({ filters }) => filters.addPending(),
  }),
  method({
    name: 'eth_getFilterChanges',
    summary: 'What a filter found since it was polled last.',
    params: [text('filterId')],
    result: listOf(ANY),
    weight: 5,
    handle: ({ filters }, [id]) => filters.changes(id),
  }),
  method({
    name: 'eth_getFilterLogs',
    summary: 'All logs that fit a log filter.',
    params: [text('filterId')],
    result: LOGS,
    weight: 10,
    handle: ({ filters }, [id]) => filters.logs(id),
  }),
  method({
    name: 'eth_uninstallFilter',
    summary: 'Removes a filter; false when there was none.',
    params: [text('filterId')],
    result: BOOLEAN,
    handle: ({ filters }, [id]) => filters.remove(id),
  }),
]
