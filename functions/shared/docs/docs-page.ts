import bundle from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "file" };
import icon from "swagger-ui-dist/favicon-32x32.png" with { type: "file" };
import styles from "swagger-ui-dist/swagger-ui.css" with { type: "file" };

/** One file of the page: its path, its content type, and its content (text, or a file by its path). */
export interface PageFile {
  readonly path: string;
  readonly contentType: string;
  readonly content: { readonly text: string } | { readonly file: string };
}

/** The path of the page. */
export const PAGE_PATH = "/swagger";
/** The path of the document that the page shows. */
export const DOCUMENT_PATH = "/swagger/json";

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API</title>
<link rel="icon" type="image/png" href="${PAGE_PATH}/favicon-32x32.png">
<link rel="stylesheet" href="${PAGE_PATH}/swagger-ui.css">
<link rel="stylesheet" href="${PAGE_PATH}/page.css">
<script src="${PAGE_PATH}/swagger-ui-bundle.js" defer></script>
<script src="${PAGE_PATH}/page.js" defer></script>
</head>
<body>
<main id="swagger-ui"></main>
<noscript>This page needs JavaScript. The document itself is at ${DOCUMENT_PATH}.</noscript>
</body>
</html>
`;

const SCRIPT = `SwaggerUIBundle({
  url: "${DOCUMENT_PATH}",
  domNode: document.getElementById("swagger-ui"),
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  onComplete: () => { document.title = document.querySelector(".info .title")?.firstChild?.textContent ?? "API"; },
});
`;

// On narrow screens the table of responses becomes a list; links and servers are not used here.
const STYLE = `body { margin: 0; }
.swagger-ui .scheme-container, .swagger-ui .response-col_links { display: none; }
@media (max-width: 640px) {
  .swagger-ui .wrapper { padding: 0 8px; }
  .swagger-ui .responses-inner, .swagger-ui .table-container { padding: 8px; }
  .swagger-ui .responses-table, .swagger-ui .responses-table > tbody,
  .swagger-ui .responses-table > tbody > tr, .swagger-ui .responses-table > tbody > tr > td { display: block; }
  .swagger-ui .responses-table > thead { display: none; }
  .swagger-ui .response-controls { flex-wrap: wrap; }
}
`;

const javascript = "text/javascript; charset=utf-8";
const css = "text/css; charset=utf-8";

/** All files of the page. Nothing else of their package is served. */
export const PAGE_FILES: readonly PageFile[] = [
  { path: PAGE_PATH, contentType: "text/html; charset=utf-8", content: { text: HTML } },
  { path: `${PAGE_PATH}/page.js`, contentType: javascript, content: { text: SCRIPT } },
  { path: `${PAGE_PATH}/page.css`, contentType: css, content: { text: STYLE } },
  { path: `${PAGE_PATH}/swagger-ui-bundle.js`, contentType: javascript, content: { file: bundle } },
  { path: `${PAGE_PATH}/swagger-ui.css`, contentType: css, content: { file: styles } },
  { path: `${PAGE_PATH}/favicon-32x32.png`, contentType: "image/png", content: { file: icon } },
];

/** The page loads only from its own service, runs no inline script, and cannot be framed. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};
