import fc from "fast-check";
import { optional, value } from "../headers/arbitrary.ts";

/** Paths that differ in all ways that matter to routes. */
export const path = fc.constantFrom(
  "/",
  "/a",
  "/a/",
  "/a/b",
  "/A",
  "/ab",
  "/a/b/c",
  "/a%2Fb",
  "/a.b",
  "/b",
  "/b/a",
  "/c d".replace(" ", "%20"),
);
const expression = fc.constantFrom(
  "/a",
  "/a.*",
  ".*",
  "/[ab]+",
  "/a/(b|c).*",
  "(?i)/A",
  "/[^/]+",
  "/a\\.b",
  "\\/b\\/?.*",
);
const word = fc.constantFrom("a", "a|b", "[ab]+", ".*", ".+", "A", "a,b", "[0-9]+", "a?");
const headerName = fc.constantFrom("h-one", "h-two", "H-Three");
const parameter = fc.constantFrom("p", "q", "P");

const stringMatch = fc.oneof(
  fc.record({ exact: value }),
  fc.record({ prefix: fc.constantFrom("a", "b", "A", "1") }),
  fc.record({ regex: word }),
);
const valueMatch = fc.oneof(
  { weight: 4, arbitrary: stringMatch },
  { weight: 1, arbitrary: fc.record({ exact: fc.constant("") }) },
  { weight: 1, arbitrary: fc.constant({}) },
);
const uri = fc.oneof(
  fc.record({ exact: path }),
  fc.record({ prefix: path }),
  fc.record({ regex: expression }),
);
/** A condition on the method. */
export const method = fc.oneof(
  fc.record({ exact: fc.constantFrom("GET", "POST", "HEAD") }),
  fc.record({ regex: fc.constantFrom("GET|HEAD", "P.*") }),
  fc.record({ prefix: fc.constantFrom("P", "G") }),
);
const byHeader = fc.dictionary(headerName, valueMatch, { minKeys: 1, maxKeys: 2 });
const byParameter = fc.dictionary(parameter, valueMatch, { minKeys: 1, maxKeys: 2 });
const authority = fc.oneof(
  fc.record({ prefix: fc.constantFrom("t", "x") }),
  fc.record({ regex: fc.constantFrom("t.*test", ".*:81") }),
);
// A match with many conditions would hardly ever hold.
/** A condition on a request, which often holds for such paths and values. */
export const match = fc.oneof(
  { weight: 3, arbitrary: fc.record({ uri }) },
  fc.record({ uri, ignoreUriCase: fc.boolean() }),
  fc.record({ method }),
  fc.record({ authority }),
  { weight: 2, arbitrary: fc.record({ headers: byHeader }) },
  { weight: 2, arbitrary: fc.record({ withoutHeaders: byHeader }) },
  { weight: 2, arbitrary: fc.record({ queryParams: byParameter }) },
  fc.record({ uri, headers: byHeader }),
  fc.record({ uri, queryParams: byParameter }),
  fc.record(
    {
      uri,
      ignoreUriCase: fc.boolean(),
      method,
      authority,
      headers: byHeader,
      withoutHeaders: byHeader,
      queryParams: byParameter,
    },
    optional,
  ),
);
