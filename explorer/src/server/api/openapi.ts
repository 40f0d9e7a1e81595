import type { Route } from './routes.ts'

/** The OpenAPI 3.1 description of the routes, made from the routes themselves. */
export function openApiDocument(routes: readonly Route[], title: string): unknown {
  const json = (description: string) => ({
    description,
    content: { 'application/json': { schema: { type: 'object' } } },
  })
  return {
    openapi: '3.1.0',
    info: {
      title: `${title} explorer`,
      version: '2',
      description: 'Everything is read-only. Amounts are decimal text in the smallest unit.',
    },
    servers: [{ url: '/api/v2' }],
    paths: Object.fromEntries(
      routes.map(route => [
        route.path.replace(/:(\w+)/g, '{$1}'),
        {
          get: {
            summary: route.summary,
            operationId: route.path.replace(/[^a-z]+/gi, '_').replace(/^_/, ''),
            parameters: [
              ...[...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
                name,
                in: 'path',
                required: true,
                schema: { type: 'string' },
              })),
              ...Object.entries(route.query ?? {}).map(([name, description]) => ({
                name,
                in: 'query',
                required: false,
                description,
                schema: { type: 'string' },
              })),
            ],
            responses: {
              200: json('The answer.'),
              404: json('There is no such thing.'),
              422: json('The request is malformed.'),
              429: json('Too many requests.'),
            },
          },
        },
      ]),
    ),
  }
}
