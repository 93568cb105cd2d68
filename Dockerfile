# What jobs need in a container: docker build --tag nn-emergence .
# Without GPUs, PyTorch's index of packages for CPUs saves several GB: --build-arg PIP_EXTRA_INDEX_URL=...
FROM python:3.11-slim

ARG PIP_EXTRA_INDEX_URL=""

WORKDIR /opt/nn-emergence
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN pip install --no-cache-dir --constraint constraints.txt '.[kubernetes]'

# The study: docker run --volume "$PWD":/workdir nn-emergence
WORKDIR /workdir
CMD ["snakemake"]
