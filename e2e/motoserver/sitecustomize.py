# Python runs this at start, before moto_server (see motoserver.go).
#
# moto (5.2.4) forgets which key a secret's replica is encrypted under, so a program that
# sets one would find a difference after every deployment.
from moto.secretsmanager.models import FakeSecret

_create_replicas = FakeSecret.create_replicas


def create_replicas(self, replica_regions, force_overwrite):
    replicas = _create_replicas(self, replica_regions, force_overwrite)
    for replica, requested in zip(replicas, replica_regions):
        if "KmsKeyId" in requested:
            replica.config["KmsKeyId"] = requested["KmsKeyId"]
    return replicas


FakeSecret.create_replicas = create_replicas
