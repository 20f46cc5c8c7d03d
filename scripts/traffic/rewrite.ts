import { pathOf } from "./match.ts";
import type { RedirectAction, RequestMatch } from "./table.ts";

/** Envoy's prefix_rewrite: of a prefix match the prefix is replaced, of an exact or regex match the whole path. */
export function rewritten(uri: string, match: RequestMatch | true, target: string): string {
  const path = pathOf(target);
  const query = target.slice(path.length);
  // Without a match on the uri, istiod writes one for the prefix /.
  const matched = match === true ? undefined : match.uri;
  if (matched === undefined) return uri + path.slice(1) + query;
  return uri + (matched.kind === "prefix" ? path.slice(matched.value.length) : "") + query;
}

/**
 * Where a redirect leads: what its rule does not give stays as it was, the query too unless the new path has one.
 * (envoy, source/common/router/config_impl.cc, newUri and processRequestHost)
 */
export function redirected(
  action: RedirectAction,
  { target, authority }: { target: string; authority: string },
): string {
  const scheme = action.scheme ?? "http";
  const port = action.port === undefined ? "" : `:${action.port}`;
  const path = pathOf(target);
  const query = target.slice(path.length);
  const to = action.uri ?? path;
  return `${scheme}://${action.authority ?? ownHost()}${port}${to}${to.includes("?") ? "" : query}`;

  function ownHost(): string {
    const [, host = "", itsPort] = /^(.*?)(:[0-9]*)?$/.exec(authority) ?? [];
    // A port of one's own takes the place of the request's, and :80 makes no sense of https.
    return port !== "" || (scheme === "https" && itsPort === ":80") ? host : authority;
  }
}
