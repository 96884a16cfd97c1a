# The one image: ROLES decides what a container of it does. It holds no secret, runs as a plain user
# and writes to /data and /tmp only. yt-dlp ages within weeks: raise YTDLP_VERSION and build again.
ARG NODE_VERSION=24.21.0
ARG YTDLP_VERSION=2026.8.19

FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY web ./web
RUN npx vite build --config web/page/vite.config.ts \
 && npx vite build --config web/graphiql/vite.config.ts
RUN npm prune --omit=dev --ignore-scripts

FROM node:${NODE_VERSION}-bookworm-slim AS ytdlp
ARG YTDLP_VERSION
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3-venv \
 && python3 -m venv /opt/yt-dlp \
 && /opt/yt-dlp/bin/pip install --no-cache-dir "yt-dlp[default]==${YTDLP_VERSION}"

FROM node:${NODE_VERSION}-bookworm-slim
# tini is process 1: it passes signals on and reaps what a killed tool leaves behind.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates ffmpeg python3 tini \
 && rm -rf /var/lib/apt/lists/* \
 && install --directory --owner=node --group=node /data
COPY --from=ytdlp /opt/yt-dlp /opt/yt-dlp
WORKDIR /app
COPY package.json ./
COPY sql ./sql
COPY src ./src
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/web/dist ./web/dist
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    ACCESS=sessions \
    DATA_DIR=/data \
    YTDLP_PATH=/opt/yt-dlp/bin/yt-dlp \
    FFMPEG_PATH=/usr/bin/ffmpeg
USER node
VOLUME /data
EXPOSE 4000
ENTRYPOINT ["tini", "--"]
CMD ["node", "--max-semi-space-size=4", "src/main.ts"]
