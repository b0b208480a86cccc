{{/* Names are cut where those of Kubernetes end. */}}
{{- define "headwater.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 53 | trimSuffix "-" }}
{{- end }}

{{- define "headwater.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 53 | trimSuffix "-" }}
{{- else if contains (include "headwater.name" .) .Release.Name }}
{{- .Release.Name | trunc 53 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "headwater.name" .) | trunc 53 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* What tells the operator's pods from others; never changes. */}}
{{- define "headwater.selector" -}}
app.kubernetes.io/name: {{ include "headwater.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "headwater.labels" -}}
{{ include "headwater.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "headwater.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "headwater.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "headwater.image" -}}
{{- $image := .Values.image }}
{{- if $image.digest }}
{{- printf "%s@%s" $image.repository $image.digest }}
{{- else }}
{{- printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) }}
{{- end }}
{{- end }}

{{- define "headwater.lease" -}}
{{- default (include "headwater.fullname" .) .Values.operator.lease }}
{{- end }}

{{/* The configuration of the webhook is of the whole cluster, so its name has the namespace in it. */}}
{{- define "headwater.webhook" -}}
{{- printf "%s-%s" .Release.Namespace (include "headwater.fullname" .) }}
{{- end }}

{{/* The namespace that is looked after, where it is a single one. */}}
{{- define "headwater.watched" -}}
{{- default .Release.Namespace .Values.operator.namespace }}
{{- end }}

{{/* The kinds of the group by the names that roles have for them, as they are defined in crds/: a new one
is in the roles without anybody's doing. What the operator makes itself is asked for by "made". */}}
{{- define "headwater.kinds" -}}
{{- $made := list "plans" }}
{{- $names := list }}
{{- range $path, $_ := .root.Files.Glob "crds/*.yaml" }}
{{- $name := ($.root.Files.Get $path | fromYaml).spec.names.plural }}
{{- if eq $.made (has $name $made) }}{{ $names = append $names $name }}{{ end }}
{{- end }}
{{- if not $names }}{{ fail "crds/ has no definitions: this is not the whole chart" }}{{ end }}
{{- join "," $names }}
{{- end }}
