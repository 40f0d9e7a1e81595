import { createConfig } from 'ponder'
import { nexusAbi } from './abi.ts'

const { OGPU_RPC = '', OGPU_WS = '', OGPU_NEXUS = '', OGPU_CHAIN_ID = '1071', OGPU_START = '0' } = process.env

export default createConfig({
  chains: {
    opengpu: {
      id: Number(OGPU_CHAIN_ID),
      rpc: OGPU_RPC,
      ws: OGPU_WS,
      pollingInterval: 250,
      ethGetLogsBlockRange: 10_000,
    },
  },
  contracts: {
    Nexus: {
      chain: 'opengpu',
      abi: nexusAbi,
      address: OGPU_NEXUS as `0x${string}`,
      startBlock: Number(OGPU_START),
      includeTransactionReceipts: true,
      includeCallTraces: true,
    },
  },
  blocks: { Tenth: { chain: 'opengpu', startBlock: Number(OGPU_START), interval: 10 } },
})
