/**
 * The methods that a node for Ethereum's tools has to answer, as the survey of go-ethereum, reth, besu, anvil, EthereumJS,
 * cosmos/evm and Sonic lists them. `must` and `should` are answered; `fixed` have one answer or one refusal for ever.
 */
export const METHOD_ROWS: Readonly<Record<'must' | 'should' | 'fixed', readonly string[]>> = {
  must: [
    ...['chainId', 'blockNumber', 'getBalance', 'getCode', 'getStorageAt', 'getTransactionCount'],
    ...['getBlockByNumber', 'getBlockByHash', 'getBlockTransactionCountByNumber', 'getBlockTransactionCountByHash'],
    ...['getBlockReceipts', 'getTransactionByHash', 'getTransactionByBlockHashAndIndex'],
    ...['getTransactionByBlockNumberAndIndex', 'getTransactionReceipt', 'call', 'estimateGas', 'createAccessList'],
    ...['simulateV1', 'feeHistory', 'gasPrice', 'maxPriorityFeePerGas', 'baseFee', 'capabilities', 'config'],
    ...['getProof', 'getStorageValues', 'sendRawTransaction', 'sendRawTransactionSync', 'getLogs', 'newFilter'],
    ...['newBlockFilter', 'newPendingTransactionFilter', 'getFilterChanges', 'getFilterLogs', 'uninstallFilter'],
    ...['subscribe', 'unsubscribe'],
  ]
    .map(name => `eth_${name}`)
    .concat(
      ['net_version', 'net_listening', 'net_peerCount', 'web3_clientVersion', 'web3_sha3'],
      ['content', 'contentFrom', 'inspect', 'status'].map(name => `txpool_${name}`),
      ['getRawBlock', 'getRawHeader', 'getRawReceipts', 'getRawTransaction'].map(name => `debug_${name}`),
      ['traceTransaction', 'traceCall', 'traceBlockByNumber', 'traceBlockByHash'].map(name => `debug_${name}`),
      ['block', 'transaction', 'call', 'callMany', 'filter', 'get', 'rawTransaction'].map(name => `trace_${name}`),
      ['trace_replayTransaction', 'trace_replayBlockTransactions'],
      ['getApiLevel', 'hasCode', 'getBlockDetails', 'getBlockDetailsByHash', 'getBlockTransactions'].map(ots),
      ['getInternalOperations', 'traceTransaction', 'getTransactionError', 'getTransactionBySenderAndNonce'].map(ots),
      ['getContractCreator', 'searchTransactionsBefore', 'searchTransactionsAfter'].map(ots),
      ['status', 'validators', 'getRounds', 'getVertex', 'getCommit', 'getCertificate', 'subscribe'].map(
        name => `dag_${name}`,
      ),
    ),
  should: [
    ...['eth_getTransactionBySenderAndNonce', 'eth_getRawTransactionByHash'],
    ...['eth_getRawTransactionByBlockHashAndIndex', 'eth_getRawTransactionByBlockNumberAndIndex'],
    ...['eth_getHeaderByNumber', 'eth_getHeaderByHash', 'eth_callMany', 'eth_getAccount', 'eth_getAccountInfo'],
    ...['debug_traceCallMany', 'debug_traceBlock', 'debug_traceBadBlock'],
    ...['debug_intermediateRoots', 'debug_storageRangeAt', 'debug_accountRange', 'debug_executionWitness'],
    ...['testing_buildBlockV1'],
    ...['erigon_getHeaderByNumber', 'erigon_getBlockByTimestamp', 'admin_nodeInfo', 'admin_peers', 'admin_addPeer'],
  ],
  fixed: [
    ...['eth_blobBaseFee', 'eth_accounts', 'eth_syncing', 'eth_protocolVersion', 'eth_mining', 'eth_hashrate'],
    ...['eth_coinbase', 'eth_getUncleCountByBlockHash', 'eth_getUncleCountByBlockNumber'],
    ...['eth_getUncleByBlockHashAndIndex', 'eth_getUncleByBlockNumberAndIndex', 'eth_sendTransaction', 'eth_sign'],
    ...['eth_signTransaction', 'eth_fillTransaction', 'eth_getWork', 'debug_getBadBlocks', 'debug_setHead'],
    ...['debug_dbGet', 'eth_callBundle', 'eth_sendRawTransactionConditional'],
  ],
}

function ots(name: string): string {
  return `ots_${name}`
}
