import { pathOf, regex } from "../match/match.ts";
import type { RedirectAction, RegexRewrite, RequestMatch } from "../../traffic/table.ts";

/** Envoy's prefix_rewrite: of a prefix match the prefix is replaced, of an exact or regex match the whole path. */
export function rewritten(uri: string, match: RequestMatch | true, target: string): string {
  const path = pathOf(target);
  const query = target.slice(path.length);
  // Without a match on the uri, istiod writes one for the prefix /.
  const matched = match === true ? undefined : match.uri;
  if (matched === undefined) return uri + path.slice(1) + query;
  return uri + (matched.kind === "prefix" ? path.slice(matched.value.length) : "") + query;
}

/** Envoy's regex_rewrite: every match in the path, which is not held to the whole of it; the query stays. */
export function regexRewritten({ pattern, substitution }: RegexRewrite, target: string): string {
  const path = pathOf(target);
  const matcher = regex(pattern).matcher(path);
  let text = "";
  let done = 0;
  for (let at = 0; at <= path.length && matcher.find(at);) {
    const [start, end] = [matcher.start(), matcher.end()];
    at = end > start ? end : end + 1;
    // As RE2 has it, nothing is no match right behind one. (re2, RE2::GlobalReplace)
    if (start === end && start === done && done > 0) continue;
    text += path.slice(done, start) + filledIn();
    done = end;
  }
  return text + path.slice(done) + target.slice(path.length);

  function filledIn(): string {
    return substitution.replace(/\\([0-9\\])/g, (_, escaped: string) =>
      escaped === "\\" ? "\\" : (matcher.group(Number(escaped)) ?? ""),
    );
  }
}

/** What is wrong with a substitution for this pattern, which must be valid; or undefined. */
export function substitutionProblem({ pattern, substitution }: RegexRewrite): string | undefined {
  const groups = regex(pattern).groupCount();
  for (const [escape, escaped = ""] of substitution.matchAll(/\\(.?)/g)) {
    if (escaped === "\\") continue;
    if (!/^[0-9]$/.test(escaped))
      return `${JSON.stringify(escape)} is not a group, which is \\0 to \\9, nor \\\\ for a backslash`;
    if (Number(escaped) > groups) return `there is no group ${escaped} in the pattern`;
  }
  return undefined;
}

/**
 * The host of a mirrored request, which is the request's own. Up to Istio 1.27 `-shadow` stood behind its name.
 * (istio, pilot/pkg/features/pilot.go, DISABLE_SHADOW_HOST_SUFFIX)
 */
export function shadowHost(authority: string): string {
  return authority;
}

/**
 * Where a redirect leads: what its rule does not give stays as it was, the query too unless the new path has one.
 * (envoy, source/common/router/config_impl.cc, newUri and processRequestHost)
 */
export function redirected(
  action: Pick<RedirectAction, "scheme" | "authority" | "port" | "uri" | "prefix">,
  match: RequestMatch | true,
  { target: asked, authority }: { target: string; authority: string },
): string {
  const scheme = action.scheme ?? "http";
  const port = action.port === undefined ? "" : `:${action.port}`;
  const target = action.prefix === undefined ? asked : rewritten(action.prefix, match, asked);
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

const NOTHING_NEW = {
  scheme: undefined,
  authority: undefined,
  port: undefined,
  uri: undefined,
  prefix: undefined,
};

/** The Location that Envoy adds to an answer of its own with this status. (envoy, source/common/router/router.cc) */
export function ownLocation(
  status: number,
  request: { target: string; authority: string },
): string | undefined {
  if (status !== 201 && (status < 300 || status > 399)) return undefined;
  return redirected(NOTHING_NEW, true, request);
}
