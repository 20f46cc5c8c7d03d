# One image for each function: FUNCTION names its folder in functions/.
ARG BUN=1.4.5

FROM docker.io/oven/bun:${BUN}-slim AS build
WORKDIR /build
COPY package.json bun.lock ./
RUN bun install --frozen-lockfile --production --ignore-scripts --no-progress
COPY functions functions
ARG FUNCTION
# One file in place of a thousand modules: a service that starts from zero reads it in one go. Names are kept as they
# are, because Elysia reads its handlers' source text.
RUN bun build "functions/${FUNCTION}/main.ts" --target=bun --splitting --minify-whitespace --minify-syntax --outdir=/out

FROM docker.io/oven/bun:${BUN}-slim
ARG FUNCTION
LABEL org.opencontainers.image.title="${FUNCTION}" org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /out .
USER 1000:1000
EXPOSE 8080
ENTRYPOINT ["bun", "--no-env-file", "main.js"]
