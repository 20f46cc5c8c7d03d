import { readFile } from "node:fs/promises";
import Type, { type Static, type TSchema } from "typebox";
import { Check } from "typebox/schema";
import { UsageError, UserError } from "../../cluster/user-error.ts";
import type { SourceFlags } from "../source.ts";
import { messageOf } from "../../text/message-of.ts";

/** The address and credentials of a Prometheus. */
export interface PrometheusConnection {
  /** The address, without credentials and without a slash at the end. */
  base: string;
  /** `user:password`. */
  basic?: string | undefined;
  tokenFile?: string | undefined;
  /** A certificate authority in PEM. */
  ca?: string | undefined;
}

const Answer = Type.Object({ status: Type.Literal("success"), data: Type.Unknown() });
const Refusal = Type.Object({ status: Type.Literal("error"), error: Type.String() });

/**
 * Returns the connection that the options describe.
 * @throws UsageError if the address is invalid, a file cannot be read, or credentials would be sent in clear text
 */
export async function connectionOf(flags: SourceFlags): Promise<PrometheusConnection> {
  const { prometheus: text, "prometheus-token-file": tokenFile, "prometheus-ca": caFile } = flags;
  if (text === undefined)
    throw new UsageError("Which Prometheus? Give its address: --prometheus http://HOST:9090");
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError(`--prometheus ${text}: an address is expected, such as http://HOST:9090`);
  const { username, password } = url;
  const basic =
    username === "" ? undefined : `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  if (basic !== undefined && tokenFile !== undefined)
    throw new UsageError(
      "--prometheus-token-file and a user in the address of --prometheus: give one of them.",
    );
  if ((basic ?? tokenFile) !== undefined && url.protocol === "http:" && !isLoopback(url.hostname))
    throw new UsageError(
      `--prometheus ${url.protocol}//${url.host}: credentials would go over the network in clear text; give an https address.`,
    );
  if (tokenFile !== undefined) await readFlag("prometheus-token-file", tokenFile);
  return {
    base: `${url.protocol}//${url.host}${url.pathname}`.replace(/\/+$/, ""),
    basic,
    tokenFile,
    ca: caFile === undefined ? undefined : await readFlag("prometheus-ca", caFile),
  };
}

/**
 * Returns the result of a query, checked against a schema.
 * @throws UserError if the server does not answer, refuses, or is not a Prometheus
 */
export async function queryPrometheus<T extends TSchema>(
  { base, basic, tokenFile, ca }: PrometheusConnection,
  query: string,
  schema: T,
  signal: AbortSignal,
): Promise<Static<T>> {
  const what = `The Prometheus at ${base}`;
  const headers = new Headers();
  if (basic !== undefined) headers.set("authorization", `Basic ${Buffer.from(basic).toString("base64")}`);
  if (tokenFile !== undefined)
    headers.set("authorization", `Bearer ${(await readFlag("prometheus-token-file", tokenFile)).trim()}`);
  let status = 0;
  let document: unknown;
  try {
    // A redirect could take the credentials elsewhere.
    const response = await fetch(`${base}/api/v1/query?${new URLSearchParams({ query })}`, {
      headers,
      redirect: "manual",
      signal,
      ...(ca === undefined ? {} : { tls: { ca } }),
    });
    ({ status } = response);
    document = await response.json().catch(() => undefined);
  } catch (error) {
    throw new UserError(`${what} does not answer: ${messageOf(error)}`);
  }
  if (Check(Answer, document) && Check(schema, document.data)) return document.data;
  if (status === 401 || status === 403)
    throw new UserError(
      `${what} refuses (HTTP ${status}): give --prometheus-token-file, or user:password@ in its address.`,
    );
  if (Check(Refusal, document)) throw new UserError(`${what} refuses a query: ${document.error}`);
  throw new UserError(
    `${what} does not answer as one does (HTTP ${status}): give its address, --prometheus http://HOST:9090`,
  );
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}

async function readFlag(flag: string, path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    const why = messageOf(error);
    throw new UsageError(`--${flag} ${path} cannot be read: ${why}`);
  });
}
