import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startServer, type TestServer } from "@layotto/sidecar-kit/testing";

/** Starts nginx with a few files and answers. It closes a connection after five requests, or a second of idleness. */
export function startNginx(dir: string): Promise<TestServer> {
  mkdirSync(join(dir, "files"));
  writeFileSync(join(dir, "files", "big"), Buffer.alloc(3_000_000, "0123456789"));
  writeFileSync(join(dir, "files", "small"), "small");
  const config = (port: number): string => `
    daemon off; master_process off; worker_processes 1; pid ${dir}/pid; error_log ${dir}/error.log;
    events {}
    http {
      access_log ${dir}/access.log;
      client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fastcgi;
      uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
      keepalive_requests 5; keepalive_timeout 1s; client_max_body_size 1k;
      gzip on; gzip_min_length 1; gzip_types *; gzip_http_version 1.0; gzip_proxied any;
      server {
        listen 127.0.0.1:${port};
        location / { root ${dir}/files; }
        location /empty { return 204; }
        location /moved { return 301 /elsewhere; }
        location /say { default_type text/plain; return 200 "$request_method $host $http_x_forwarded_for"; }
      }
    }`;
  const file = join(dir, "nginx.conf");
  return startServer({
    program: "nginx",
    cwd: dir,
    args: (port) => {
      writeFileSync(file, config(port));
      return ["-p", dir, "-e", join(dir, "error.log"), "-c", file];
    },
  });
}
