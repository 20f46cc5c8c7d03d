const PATHS: Readonly<Record<string, string>> = {
  basicReport: "/credit-check/basic",
  advancedReport: "/credit-check/advanced",
};
const SPLIT = "/credit-check/report";

/**
 * The credit check's path for a request to the aggregator, by its `type`. Whatever is not exactly
 * one of the two report types, given once, leaves the choice to the traffic split.
 */
export function creditCheckPath(requestUrl: string): string {
  const start = requestUrl.indexOf("?");
  if (start === -1) return SPLIT;
  const types = new URLSearchParams(requestUrl.slice(start + 1)).getAll("type");
  const [type = ""] = types;
  if (types.length !== 1 || !Object.hasOwn(PATHS, type)) return SPLIT;
  return PATHS[type] ?? SPLIT;
}
