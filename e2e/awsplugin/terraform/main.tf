# Only to fetch the provider that the plugin drives: `terraform init` here leaves it in .terraform/.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
