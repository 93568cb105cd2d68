# What jobs need in a container: docker build --tag nn-emergence .
# Without GPUs, PyTorch's index of packages for CPUs saves several GB: --build-arg PIP_EXTRA_INDEX_URL=...
FROM python:3.11-slim

ARG PIP_EXTRA_INDEX_URL=""

WORKDIR /opt/nn-emergence
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN pip install --no-cache-dir --constraint constraints.txt '.[kubernetes]'

# Whoever runs it is no administrator, and can write caches and results.
RUN mkdir --mode=1777 /home/study /workdir
ENV HOME=/home/study
USER 1000:1000

# The study: docker run --user "$(id -u):$(id -g)" --volume "$PWD":/workdir nn-emergence
WORKDIR /workdir
CMD ["snakemake"]
