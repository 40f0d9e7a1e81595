import { ExplorerError } from '../errors.ts'
import { inputFromStandardJson } from '../verify/request.ts'
import type { VerifiedContract } from '../verify/verified-store.ts'
import type { Verifier } from '../verify/verifier.ts'
import type { ApiAnswer } from './api.ts'
import { addressOf } from './paging.ts'

/** The part of Sourcify's v2 interface that its clients verify with (`forge verify-contract --verifier sourcify`). */
export interface SourcifyApi {
  /** `POST /v2/verify/CHAIN/ADDRESS` */
  submit(chainId: string, address: string, body: unknown): Promise<ApiAnswer>
  /** `GET /v2/verify/ID` */
  job(id: string): ApiAnswer
  /** `GET /v2/contract/CHAIN/ADDRESS` */
  contract(chainId: string, address: string): ApiAnswer
}

export function createSourcifyApi(
  verifier: Verifier,
  ownChainId: number,
  onError: (path: string, error: unknown) => void,
): SourcifyApi {
  const chainId = String(ownChainId)

  function guarded(answer: () => ApiAnswer): ApiAnswer {
    try {
      return answer()
    } catch (error) {
      return failed(error)
    }
  }

  function failed(error: unknown): ApiAnswer {
    if (!(error instanceof ExplorerError)) {
      onError('/v2', error)
      return refusal(500, 'internal_error', 'internal error')
    }
    return refusal(error.status, error.code.replaceAll(' ', '_'), error.message)
  }

  function wrongChain(asked: string): ApiAnswer | undefined {
    return asked === chainId ? undefined : refusal(404, 'unsupported_chain', `this explorer shows chain ${chainId}`)
  }

  return {
    async submit(asked, address, body) {
      try {
        const fields = (typeof body === 'object' && body !== null ? body : {}) as Readonly<Record<string, unknown>>
        const { stdJsonInput, compilerVersion, contractIdentifier } = fields
        const input = inputFromStandardJson(
          stdJsonInput,
          String(contractIdentifier ?? ''),
          String(compilerVersion ?? ''),
        )
        const refused = wrongChain(asked)
        if (refused !== undefined) return refused
        return { status: 202, body: { verificationId: await verifier.submit(addressOf(address), input) } }
      } catch (error) {
        return failed(error)
      }
    },
    job(id) {
      const job = verifier.job(id)
      if (job === undefined) return refusal(404, 'job_not_found', 'no such verification')
      const contract = verifier.contract(job.address)
      const isVerified = job.state === 'verified' && contract !== undefined
      return {
        status: 200,
        body: {
          isJobCompleted: job.state !== 'waiting',
          verificationId: id,
          contract: isVerified ? shown(contract, chainId) : unverified(job.address, chainId),
          ...(job.state === 'failed'
            ? { error: { customCode: job.code.replaceAll(' ', '_'), message: job.message, errorId: id } }
            : {}),
        },
      }
    },
    contract: (asked, address) =>
      guarded(() => {
        const refused = wrongChain(asked)
        if (refused !== undefined) return refused
        const contract = verifier.contract(addressOf(address))
        if (contract === undefined) return { status: 404, body: unverified(address, chainId) }
        const { name, file, compilerVersion, sources, settings, abi } = contract
        return {
          status: 200,
          body: {
            ...shown(contract, chainId),
            abi: JSON.parse(abi),
            sources: Object.fromEntries(Object.entries(sources).map(([path, content]) => [path, { content }])),
            compilation: {
              language: 'Solidity',
              compiler: 'solc',
              compilerVersion,
              compilerSettings: settings,
              name,
              fullyQualifiedName: `${file}:${name}`,
            },
          },
        }
      }),
  }
}

function refusal(status: number, customCode: string, message: string): ApiAnswer {
  return { status, body: { customCode, message, errorId: customCode } }
}

function unverified(address: string, chainId: string): object {
  return { match: null, creationMatch: null, runtimeMatch: null, chainId, address }
}

function shown({ address, match, constructorArguments, verifiedAtMs }: VerifiedContract, chainId: string): object {
  return {
    match,
    creationMatch: constructorArguments === undefined ? null : 'exact_match',
    runtimeMatch: match,
    chainId,
    address,
    verifiedAt: new Date(verifiedAtMs).toISOString(),
    matchId: `${chainId}-${address}`,
  }
}
