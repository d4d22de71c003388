/** A CycloneDX bill of materials, as far as it is read here. */
export interface BillOfMaterials {
  readonly bomFormat: 'CycloneDX';
  readonly metadata: { readonly component: { readonly name: string; readonly version: string } };
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly purl: string;
    readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  }[];
}

export function billOfMaterials(): BillOfMaterials;

export const BUNDLED: readonly string[];

export function bundledPaths(packages: Readonly<Record<string, object>>): Set<string>;
