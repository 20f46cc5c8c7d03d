import { hashPolicyFor } from "../../traffic/istio/hash-policies.ts";
import type { Hop } from "../../traffic/resolve.ts";
import { fullHost, hostOf } from "../../traffic/hosts.ts";
import type { Destination, ForwardAction, HashPolicy, RouteTable } from "../../traffic/table.ts";
import type { HeaderList } from "../../route-fields/headers/header-list.ts";
import type { Exchange } from "../http/exchange.ts";
import type { RequestHead } from "../http/head.ts";
import { homeOf } from "../revisions/request-queue.ts";

/** The key that keeps one request on a pod; all tries have the same key. */
export class StickyKey {
  readonly #exchange: Exchange;
  readonly #newId: () => string;
  #sticky: Sticky | undefined;

  constructor(exchange: Exchange, newId: () => string) {
    this.#exchange = exchange;
    this.#newId = newId;
  }

  under(policy: HashPolicy | undefined): string | undefined {
    if (policy === undefined) return undefined;
    const { request, peer } = this.#exchange;
    this.#sticky ??= stickyKey(policy, request, peer, this.#newId);
    return this.#sticky?.key;
  }

  /** Adds the cookie that carries a new key. */
  addCookie(headers: HeaderList): void {
    if (this.#sticky?.setCookie !== undefined) headers.add("set-cookie", this.#sticky.setCookie);
  }
}

/** The key, and the cookie to set if the request had none. */
export interface Sticky {
  key: string;
  setCookie?: string;
}

/**
 * Returns the key of a request under a policy; undefined if the request has no such value, so that any pod may
 * serve it. (istio 1.31, pilot/pkg/networking/core/route/route.go, consistentHashToHashPolicy; envoy,
 * source/common/http/hash_policy.cc)
 */
export function stickyKey(
  policy: HashPolicy,
  { target, headers }: Pick<RequestHead, "target" | "headers">,
  peer: string,
  newId: () => string,
): Sticky | undefined {
  switch (policy.kind) {
    case "header":
      return keyed(headers.get(policy.name));
    case "address":
      return keyed(peer);
    case "query":
      return keyed(new URLSearchParams(/\?([^#]*)/.exec(target)?.[1]).get(policy.name) ?? undefined);
    case "cookie": {
      const known = cookieIn(headers.joined("cookie") ?? "", policy.name);
      if (known !== undefined || policy.ttlSeconds === undefined) return keyed(known);
      const key = newId();
      const age = policy.ttlSeconds === 0 ? "" : `; Max-Age=${Math.round(policy.ttlSeconds)}`;
      const path = policy.path === undefined ? "" : `; Path=${policy.path}`;
      return { key, setCookie: `${policy.name}="${key}"${age}${path}; HttpOnly` };
    }
  }
}

/**
 * Returns the policy for the pods of the final destination.
 * @param authority the request's host, which decides if no rule chose a destination
 */
export function policyOf(table: RouteTable, hops: readonly Hop[], authority: string): HashPolicy | undefined {
  if (table.hashPolicies === undefined || table.hashPolicies.size === 0) return undefined;
  const to = hops.findLast(({ destination }) => destination !== undefined)?.destination;
  const [service = "", namespace = ""] = hostOf(authority).split(".");
  const host = to === undefined ? fullHost(service, namespace) : to.host;
  return hashPolicyFor(table.hashPolicies, host, to?.subset);
}

/**
 * If several revisions share the destination, returns the one whose pods own the key.
 * @param drawn the destination that the weights chose
 */
export function stuckTo(action: ForwardAction, drawn: Destination, key: string): Destination {
  const { host, port, subset } = drawn;
  const same = action.destinations.filter(
    (other) => other.host === host && other.port === port && other.subset === subset,
  );
  return homeOf(key, same, ({ backend }) => (backend.kind === "revision" ? backend.revision : "")) ?? drawn;
}

function keyed(key: string | undefined): Sticky | undefined {
  return key === undefined || key === "" ? undefined : { key };
}

function cookieIn(cookies: string, name: string): string | undefined {
  for (const cookie of cookies.split(/[;,]/)) {
    const [own = "", ...value] = cookie.trim().split("=");
    if (own === name) return value.join("=").replace(/^"(.*)"$/, "$1");
  }
  return undefined;
}
