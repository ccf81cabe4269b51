# syntax=docker/dockerfile:1

FROM node:24.21.0-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:24.21.0-slim
ENV NODE_ENV=production \
    PORT=3000 \
    NIGHTDESK_CATALOGUE=/config/nightdesk.yml \
    NIGHTDESK_EXPORT_DIR=/data/postmortems
# The only folder that is written to; postmortems are kept there when the catalogue's exporter saves to a folder.
RUN install -d -o node -g node /data/postmortems
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY bin ./bin
COPY src ./src
COPY commands ./commands
USER node
EXPOSE 3000
# Every role answers it, a worker too.
HEALTHCHECK --interval=15s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=8", "--max-old-space-size=1024", "src/main.ts", "all"]
