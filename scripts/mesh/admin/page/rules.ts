import type { MeshState } from "../schema.ts";
import { h, type Spec } from "../../../text/html.ts";

/** Which file and line each rule comes from, and what it does. */
export function rulesView(rules: MeshState["rules"]): Spec {
  return h(
    "ul",
    { class: "rules" },
    rules.map(({ route, object, name, hosts, matches, action }) =>
      h(
        "li",
        {},
        h(
          "p",
          {},
          h("code", {}, route),
          " ",
          h("span", { class: "quiet" }, name === null ? object : `${object}, ${name}`),
        ),
        h("p", {}, h("strong", {}, action)),
        h("p", { class: "quiet" }, `for ${hosts.join(", ")}${matches.length === 0 ? "" : ":"}`),
        matches.length > 0 &&
          h(
            "ul",
            {},
            matches.map((match) => h("li", {}, match)),
          ),
      ),
    ),
  );
}
