import type { ApiRequest } from "./connection.ts";
import { queryOf } from "./query.ts";

/** What every request accepts. */
export interface RequestOptions {
  signal?: AbortSignal | undefined;
}

/** Which objects of a kind are listed. */
export interface ListOptions extends RequestOptions {
  /** The namespace. @default all */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}

/** How an object is written. */
export interface WriteOptions extends RequestOptions {
  /** The field manager that will own the written fields. */
  fieldManager: string;
  /** The API server validates the request and changes nothing. @default false */
  dryRun?: boolean | undefined;
}

/** How server-side apply writes an object. */
export interface ApplyOptions extends WriteOptions {
  /** Takes over fields that another manager owns. @default false */
  force?: boolean | undefined;
}

/** How an object is deleted. */
export interface DeleteOptions extends RequestOptions {
  /** Whether owned objects are deleted after the object or before it. @default "Background" */
  propagation?: "Background" | "Foreground" | undefined;
  /** Deletes only the object that has this uid. */
  uid?: string | undefined;
}

/** Returns a request with an object as its JSON body. */
export function write(
  method: string,
  contentType: string,
  body: object,
  { signal }: RequestOptions,
): ApiRequest {
  return { method, headers: { "content-type": contentType }, body: JSON.stringify(body), signal };
}

/** Returns the query of a write, such as `?fieldManager=kyc&dryRun=All`. */
export function writeQuery(
  { fieldManager, dryRun }: WriteOptions,
  more: Record<string, string> = {},
): string {
  return queryOf({ fieldManager, dryRun: dryRun ? "All" : undefined, ...more });
}
