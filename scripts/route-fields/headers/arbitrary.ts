import fc from "fast-check";

/** The value of a header or a parameter. */
export const value = fc.constantFrom("a", "b", "ab", "A", "a,b", "1");

/** For a record with optional fields only. */
export const optional = { requiredKeys: [] };

const changedName = fc.constantFrom(
  "h-one",
  "X-Set",
  "x-old",
  "x-many",
  "h-two",
  "content-type",
  "cache-control",
);

/** Changes of the headers of a response. */
export const responseChanges = fc.record(
  {
    set: fc.dictionary(changedName, value, { minKeys: 1, maxKeys: 2 }),
    add: fc.dictionary(changedName, value, { minKeys: 1, maxKeys: 2 }),
    remove: fc.array(changedName, { minLength: 1, maxLength: 2 }),
  },
  optional,
);
const requestChanges = fc.record(
  {
    set: fc.dictionary(
      fc.oneof(changedName, fc.constantFrom("Host", "x-forwarded-proto")),
      fc.constantFrom("a", "b.example", "ab"),
      {
        minKeys: 1,
        maxKeys: 2,
      },
    ),
    add: fc.dictionary(changedName, value, { minKeys: 1, maxKeys: 2 }),
    remove: fc.array(changedName, { minLength: 1, maxLength: 2 }),
  },
  optional,
);
/** Changes of the headers of requests and responses. */
export const headers = fc.record({ request: requestChanges, response: responseChanges }, optional);
