/** Swarm seeds that once failed; each stays here after its bug was fixed. */
export const REGRESSION_SEEDS: readonly string[] = ['50000', '400474', '500102', '703678', '806937']
