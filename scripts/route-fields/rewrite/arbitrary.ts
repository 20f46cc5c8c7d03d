import fc from "fast-check";

const newPath = fc.constantFrom("/", "/x", "/x/", "/a/b");
/** A `rewrite` of the path, of the host, or of both. */
export const rewrite = fc.oneof(
  fc.record({ uri: newPath }),
  fc.record({ uri: newPath, authority: fc.constantFrom("x.example", "x.example:81") }),
  fc.record({ authority: fc.constantFrom("x.example", "y.example") }),
  fc.record({
    uriRegexRewrite: fc.constantFrom(
      { match: "^/a/([^/]+)(.*)$", rewrite: "/r\\2/\\1" },
      { match: "a", rewrite: "-" },
      { match: "/([ab])", rewrite: "/<\\1>" },
      { match: "b*", rewrite: "_" },
    ),
  }),
);
