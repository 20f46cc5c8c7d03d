import { LATEST } from "./flags.ts";

/** kn's error messages, verbatim. (knative/client, pkg/traffic/compute.go) */
export const REFUSALS = {
  notInteger: (value: string) => `error converting given ${value} to integer value for traffic distribution`,
  outOfRange: (percent: bigint) =>
    `invalid value for traffic percent ${percent}, expected 0 <= percent <= 100`,
  sum: (sum: number) => `given traffic percents sum to ${sum}, want <=100`,
  wrongCount: (sum: number) =>
    `unable to allocate the remaining traffic: ${100 - sum}%. Reason: incorrect number of revisions specified. Only 1 revision should be missing`,
  notFound: (sum: number) =>
    `unable to allocate the remaining traffic: ${100 - sum}%. Reason: cannot determine the missing revision`,
  repeated: (flag: "--traffic" | "--tag", ref: string) =>
    `repetition of ${ref === LATEST ? "identifier" : "revision reference"} ${ref} is not allowed, use only once with ${flag} flag`,
  tagTaken: (tag: string) =>
    `refusing to overwrite existing tag in service, add flag '--untag ${tag}' in command to untag it`,
  latestTagged: (existing: string, wanted: string) =>
    `tag '${existing}' exists on latest ready revision of service, refusing to overwrite existing tag with '${wanted}', add flag '--untag ${existing}' in command to untag it`,
  noSuchTags: (tags: readonly string[], service: string) =>
    `tag(s) ${tags.join(", ")} not present for any revisions of service ${service}`,
} as const;
