import hardhatEthers from '@nomicfoundation/hardhat-ethers'
import hardhatIgnitionEthers from '@nomicfoundation/hardhat-ignition-ethers'
import hardhatNodeTestRunner from '@nomicfoundation/hardhat-node-test-runner'
import hardhatVerify from '@nomicfoundation/hardhat-verify'
import { defineConfig } from 'hardhat/config'

const { OGPU_RPC = '', OGPU_EXPLORER = '', OGPU_KEYS = '', OGPU_CHAIN_ID = '1071' } = process.env

export default defineConfig({
  plugins: [hardhatEthers, hardhatIgnitionEthers, hardhatNodeTestRunner, hardhatVerify],
  solidity: {
    profiles: {
      default: {
        version: '0.8.37',
        // The compiler of the npm package: nothing is downloaded.
        path: `${import.meta.dirname}/node_modules/solc/soljson.js`,
        settings: { optimizer: { enabled: true, runs: 200 }, evmVersion: 'prague' },
      },
    },
  },
  networks: {
    opengpu: {
      type: 'http',
      chainType: 'l1',
      url: OGPU_RPC,
      accounts: OGPU_KEYS.split(','),
      chainId: Number(OGPU_CHAIN_ID),
    },
  },
  // A block is final when it is shown, so there is nothing to wait for after the first one.
  ignition: { requiredConfirmations: 1, blockPollingInterval: 100 },
  chainDescriptors: {
    [Number(OGPU_CHAIN_ID)]: {
      name: 'OpenGPU',
      blockExplorers: {
        blockscout: { name: 'explorer', url: OGPU_EXPLORER, apiUrl: `${OGPU_EXPLORER}/api` },
      },
    },
  },
})
