# Built from the root of the repository: docker build -f deploy/rpc-mesh.Dockerfile .
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN npm ci --ignore-scripts --no-audit --no-fund && npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app /app
RUN mkdir -p /run/layotto /var/lib/layotto && chown node:node /run/layotto /var/lib/layotto && chmod 0700 /run/layotto
USER node
ENTRYPOINT ["node", "--max-semi-space-size=2", "packages/rpc-mesh/dist/main.js"]
CMD ["--config", "/etc/layotto/config.yaml"]
