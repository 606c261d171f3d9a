# The command line on a CPU: docker build -t proxydata .
# The version is read from the tags, so that .git is part of what is sent to the builder.
FROM python:3.13 AS wheel
COPY . /source
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheel /source

FROM python:3.13-slim
COPY constraints.txt /constraints.txt
COPY --from=wheel /wheel /wheel
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu \
    -c /constraints.txt "$(echo /wheel/*.whl)[demo]"
# Any user may be the one who runs it: docker run --user "$(id -u)" -v "$PWD:/work" ...
ENV HOME=/tmp
WORKDIR /work
ENTRYPOINT ["naslib-proxydata"]
