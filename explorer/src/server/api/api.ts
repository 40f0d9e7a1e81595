import { ExplorerError } from '../errors.ts'
import { openApiDocument } from './openapi.ts'
import type { Query } from './paging.ts'
import { type ApiParts, matchPath, ROUTES, type Route, requestOf } from './routes.ts'

export interface ApiAnswer {
  readonly status: number
  readonly body: unknown
}

/** Answers paths under `/api/v2`, for HTTP and for pages rendered on the server alike. Never throws. */
export interface Api {
  answer(path: string, query: Query): Promise<ApiAnswer>
}

export function createApi(parts: ApiParts, onError: (path: string, error: unknown) => void): Api {
  const document = openApiDocument(ROUTES, parts.info.chainName)
  return {
    async answer(path, query) {
      try {
        if (path === '/openapi.json') return { status: 200, body: document }
        const found = findRoute(path)
        if (found === undefined) return { status: 404, body: { message: 'no such path', code: 'not found' } }
        return { status: 200, body: await found.route.answer(requestOf(parts, found.params, query)) }
      } catch (error) {
        if (error instanceof ExplorerError)
          return { status: error.status, body: { message: error.message, code: error.code } }
        onError(path, error)
        return { status: 500, body: { message: 'internal error', code: 'internal error' } }
      }
    },
  }
}

function findRoute(path: string): { route: Route; params: Readonly<Record<string, string>> } | undefined {
  for (const route of ROUTES) {
    const params = matchPath(route.path, path)
    if (params !== undefined) return { route, params }
  }
  return undefined
}
