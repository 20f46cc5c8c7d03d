/** The form and the URL of an address; undefined if it is not an address. */
export function parseAddress(
  address: string,
): { form: "slack" | "teams" | "cloudevent"; url: string } | undefined {
  const form = /^(slack|teams):(?=https?:)/.exec(address)?.[1];
  const text = form === undefined ? address : address.slice(form.length + 1);
  const url = URL.parse(text);
  if (url?.protocol !== "http:" && url?.protocol !== "https:") return undefined;
  return { form: form === "slack" || form === "teams" ? form : "cloudevent", url: url.href };
}
