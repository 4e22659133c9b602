# eupnea in a container: docker build -t eupnea . && docker run --rm --user "$(id -u)" -v "$PWD:/study" eupnea --cores 4 --configfile my-study.yaml
FROM python:3.12-slim-bookworm

RUN useradd --create-home --uid 1000 eupnea \
    && mkdir /opt/eupnea /study \
    && chown 1000 /opt/eupnea /study
USER 1000
WORKDIR /opt/eupnea
COPY --chown=1000 . .
RUN python3 tools/setup.py
# Whoever runs it owns neither home nor checkout: what is compiled and cached goes where everybody may write.
ENV PATH="/opt/eupnea/.venv/bin:$PATH" HOME=/tmp NUMBA_CACHE_DIR=/tmp/numba MPLCONFIGDIR=/tmp/matplotlib

# Studies are given from outside: their config, recordings and results stay in the mounted folder, where user 1000 must
# be allowed to write. Paths in a study are those inside: recordings in "$PWD/data" are path: data.
WORKDIR /study
ENTRYPOINT ["snakemake", "--snakefile", "/opt/eupnea/Snakefile", "--workflow-profile", "/opt/eupnea/profiles/default"]
CMD ["--cores", "2", "--configfile", "/opt/eupnea/config.yaml"]
