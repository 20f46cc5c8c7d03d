import { counted } from "../../../format.ts";
import type { MeshState } from "../schema.ts";
import { h, type Spec } from "../../../text/html.ts";

/** The number of listed rules. */
const LISTED = 50;

/** Shows the file, line and action of each rule that has the searched words. */
export function rulesView(rules: MeshState["rules"], search = ""): Spec[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = rules.filter(({ route, object, name, hosts, matches, action }) => {
    const text = [route, object, name ?? "", action, ...hosts, ...matches].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const left = found.length - LISTED;
  return [
    listView(found.slice(0, LISTED)),
    h(
      "p",
      { class: "quiet", hidden: left <= 0 && found.length > 0 },
      left > 0 ? `${counted(left, "rule")} not listed: search for them.` : "No rule has these words.",
    ),
  ];
}

function listView(rules: MeshState["rules"]): Spec {
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
