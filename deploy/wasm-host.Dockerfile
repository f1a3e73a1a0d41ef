# Built from the root of the repository: docker build -f deploy/wasm-host.Dockerfile .
# Memory: about 100 MB, 10 MB for each thread (wasm.workers.max, and 16 for nested calls), and the memories of the
# instances: at worst the sum of instance_num x memory of all functions.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN npm ci --ignore-scripts --no-audit --no-fund && npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app /app
RUN mkdir -p /run/layotto /var/lib/layotto /srv/functions && chown node:node /run/layotto /var/lib/layotto && chmod 0700 /run/layotto
USER node
ENTRYPOINT ["node", "--max-semi-space-size=2", "packages/wasm-host/dist/main.js"]
CMD ["--config", "/etc/layotto/config.yaml"]
