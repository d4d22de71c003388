// How values become what Redis holds, and back: the contracts for it, and JSON. Nothing here knows Redis or the cache.

/** Turns values into the text that Redis holds, and back. */
export interface Codec<T> {
  /** What it throws becomes `ERR_NEAR_DECODE`. */
  decode(text: string): T;
  encode(value: T): string;
}

/** JSON, by `JSON.parse` and `JSON.stringify`. */
export const json = {
  decode<T>(text: string): T {
    return JSON.parse(text) as T;
  },
  encode<T>(value: T): string {
    return JSON.stringify(value);
  },
};

/** What a {@link StandardSchema} says of a value. */
export type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** What a {@link StandardSchema} objects to. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * A validator of any library that follows Standard Schema, such as zod, valibot or arktype.
 * Source: https://standardschema.dev
 */
export interface StandardSchema<T> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>;
  };
}
